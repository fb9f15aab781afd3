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
  const { id, source, cache, ts, generation, ttlMs, expires } = event;
  const said = about(event, isExtension);
  const weight = isSet ? core.weigh(value) : 0;
  // One of its getters may have closed the cache.
  if (core.closed) return Promise.resolve();
  const before = adapter.message;
  adapter.message = /** @type {import('../types/bus.js').InvalidationEvent} */ (event);
  try {
    // From here on no getter of the event runs: the slot of one that throws would never be freed.
    const slot = isSet ? table.put(what.length > 1 ? OF_SEVERAL_KEYS : undefined, value) : 0;
    const answer = raw.apply(
      core.id,
      kind,
      what,
      // An empty name counts as absent.
      typeof id === 'string' && id !== '' ? id : undefined,
      typeof source === 'string' ? source : '',
      typeof cache === 'string' && cache !== '' ? cache : undefined,
      typeof ts === 'number' ? ts : 0,
      typeof generation === 'number' ? generation : NaN,
      typeof ttlMs === 'number' ? ttlMs : NaN,
      slot,
      weight,
      typeof publisher === 'string' ? publisher : undefined,
      typeof sequence === 'number' ? sequence : NaN,
      seenText(seen),
      expires === true,
      said,
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
