'use strict';
// Messages between instances, in the form that users see.

const { MESSAGE_KINDS } = require('./contract/words.js');
const { messageFields } = require('./contract/crossing.js');

/**
 * The event on the bus that stands for a message.
 * @param {import('./contract/crossing.js').MessageFields} fields
 * @param {readonly unknown[]} values by slot
 * @returns {import('../types/bus.js').InvalidationEvent}
 */
function messageOf(fields, values) {
  const message = messageFields(fields);
  const { kind, id, source, cache, ts, generation, publisher, sequence, seen, expires, etag, tagCount, keys } = message;
  // Field by field: in a storm of messages spreads would cost more than anything else.
  const event = /** @type {Foreign} */ ({ type: MESSAGE_KINDS[kind] });
  if (id !== undefined) event.id = id;
  event.source = source;
  if (cache !== undefined) event.cache = cache;
  event.ts = ts;
  if (!Number.isNaN(generation)) event.generation = generation;
  const tags = tagCount === 0 ? undefined : keys.splice(0, tagCount);
  putContent(event, message, values);
  if (tags !== undefined) event.tags = tags;
  if (etag !== undefined) event.etag = etag;
  if (expires === 1) event.expires = true;
  if (publisher !== undefined) {
    event.publisher = publisher;
    event.sequence = sequence;
  }
  if (seen !== undefined) event.seen = seen;
  return /** @type {import('../types/bus.js').InvalidationEvent} */ (event);
}

/**
 * Puts what a message is about into its event.
 * @param {Foreign} event
 * @param {ReturnType<typeof messageFields>} message
 * @param {readonly unknown[]} values by slot
 */
function putContent(event, { ttlMs, slot, version, keys }, values) {
  const isSet = event.type === 'set';
  const isExtension = version !== undefined;
  if (event.type === 'pattern') {
    event.pattern = keys[0];
  } else {
    // A received message has the keys as its sender wrote them.
    event.keys = isExtension ? [] : keys;
  }
  if (isSet) event.value = values[slot];
  if (isExtension) {
    event.extends = keys;
    event.version = version;
  }
  if ((isSet || isExtension) && !Number.isNaN(ttlMs)) event.ttlMs = Number.isFinite(ttlMs) ? ttlMs : 0;
}

module.exports = { messageOf };
