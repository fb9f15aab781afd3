'use strict';
// Messages between instances, as users see them.

const { MESSAGE_KINDS } = require('./contract/codes.js');
const { messageFields } = require('./contract/events.js');

/**
 * The event on the bus that stands for a message.
 * @param {import('./contract/events.js').MessageFields} fields
 * @param {readonly unknown[]} values by slot
 * @returns {import('../types/bus.js').InvalidationEvent}
 */
function messageOf(fields, values) {
  const { kind, id, source, cache, ts, generation, ttlMs, slot, keys } = messageFields(fields);
  const named = { ...(id === undefined ? {} : { id }), source, ...(cache === undefined ? {} : { cache }), ts };
  const head = Number.isNaN(generation) ? named : { ...named, generation };
  // Of one that was received, keys are as its sender gave them.
  const given = /** @type {string[]} */ (keys);
  const type = MESSAGE_KINDS[kind];
  if (type === 'pattern') return { type, ...head, pattern: given[0] };
  if (type === 'del') return { type, ...head, keys: given };
  const lifetime = Number.isNaN(ttlMs) ? {} : { ttlMs: Number.isFinite(ttlMs) ? ttlMs : 0 };
  return { type, ...head, keys: given, value: values[slot], ...lifetime };
}

module.exports = { messageOf };
