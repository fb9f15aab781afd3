'use strict';
// Messages on the bus, as custom event buses see them.

const { isKeys, orderOf } = require('./event-bytes.js');
const { MESSAGE_KINDS } = require('./contract/words.js');
const { packedBytes } = require('./serializer/pack.js');
const { bridge } = require('./raw.js');
const { OF_SEVERAL_KEYS } = require('./memory/slots.js');
const { admit } = require('./values/sharing.js');

const { raw } = bridge;

/**
 * The size of an event in bytes, packed with the prefix of its payload.
 * @param {Foreign} event
 */
function encodedBytes(event) {
  // A value that cannot be packed fits no limit.
  return packedBytes(event) || Infinity;
}

/**
 * Applies an event of another instance.
 * @param {import('./core.js').Core} core
 * @param {Foreign} event
 * @returns {Promise<void>}
 */
function applyEvent(core, event) {
  const kind = MESSAGE_KINDS.indexOf(event?.type);
  const [isPattern, isSet] = [event?.type === 'pattern', event?.type === 'set'];
  const isExtension = event?.type === 'del' && typeof event.version === 'string' && isKeys(event.extends);
  const what = isPattern ? event.pattern : isExtension ? event.extends : event?.keys;
  if (kind < 0 || (isPattern ? typeof what !== 'string' : !isKeys(what))) return Promise.resolve();
  // It was lost on the way: an absence is not a value.
  if (isSet && event.value === undefined) return Promise.resolve();
  const { isRedelivered } = orderOf(event);
  // An invalidation that came after it may have been handled since.
  if ((isSet || isExtension) && isRedelivered) return Promise.resolve();
  const read = { kind, what, isSet, isExtension, value: /** @type {unknown} */ (undefined) };
  try {
    if (isSet) read.value = admit(core.table, event.value);
  } catch {
    // The entries of the keys are old, whatever the value is.
    Object.assign(read, { kind: MESSAGE_KINDS.indexOf('del'), isSet: false });
  }
  return applyRead(core, event, read);
}

/**
 * The same once the event was read.
 * @param {import('./core.js').Core} core
 * @param {Foreign} event
 * @param {{ kind: number, what: any, isSet: boolean, isExtension: boolean, value: unknown }} read
 * @returns {Promise<void>}
 */
function applyRead(core, event, { kind, what, isSet, isExtension, value }) {
  const { adapter, table } = core;
  const { publisher, sequence, seen } = orderOf(event);
  const before = adapter.message;
  adapter.message = /** @type {import('../types/bus.js').InvalidationEvent} */ (event);
  try {
    const slot = isSet ? table.put(what.length > 1 ? OF_SEVERAL_KEYS : undefined, value) : 0;
    const answer = raw.apply(
      core.id,
      kind,
      what,
      // An empty name counts as absent.
      typeof event.id === 'string' && event.id !== '' ? event.id : undefined,
      typeof event.source === 'string' ? event.source : '',
      typeof event.cache === 'string' && event.cache !== '' ? event.cache : undefined,
      typeof event.ts === 'number' ? event.ts : 0,
      typeof event.generation === 'number' ? event.generation : NaN,
      typeof event.ttlMs === 'number' ? event.ttlMs : NaN,
      slot,
      isSet ? core.weigh(value) : 0,
      typeof publisher === 'string' ? publisher : undefined,
      typeof sequence === 'number' ? sequence : NaN,
      seenText(seen),
      event.expires === true,
      about(event, isExtension),
    );
    return core.answer(answer, undefined);
  } finally {
    adapter.message = before;
  }
}

/**
 * What an event says of the value that it is about.
 * @param {Foreign} event
 * @param {boolean} isExtension
 */
function about({ tags, etag, version }, isExtension) {
  return {
    tags: isKeys(tags) ? tags : [],
    etag: typeof etag === 'string' ? etag : undefined,
    version: isExtension ? version : undefined,
  };
}

/**
 * The numbers that a load had seen, in hexadecimal. Unreadable ones count as none.
 * @param {unknown} seen
 */
function seenText(seen) {
  if (seen === undefined) return undefined;
  if (seen instanceof Uint8Array) return Buffer.from(seen).toString('hex');
  return typeof seen === 'string' ? seen : '';
}

module.exports = { encodedBytes, applyEvent };
