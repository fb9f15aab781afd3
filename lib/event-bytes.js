'use strict';
// Messages to bytes and back, as they cross.

const { PREFIX_BYTES } = require('./contract/values.js');
const { argument } = require('./errors.js');
const { jsonPayload, packShortly } = require('./serializer/pack.js');
const { writesJson } = require('./serializer/format.js');

/**
 * The bytes of an event without the prefix of a payload, and whether they are JSON. They last until the next value is
 * packed.
 * @param {Foreign} event
 * @returns {{ bytes: Buffer, isJson: boolean }}
 */
function packEvent(event) {
  const sent = withTextKeys(event);
  if (writesJson()) return { bytes: jsonPayload(sent).subarray(PREFIX_BYTES), isJson: true };
  return { bytes: packShortly(sent), isJson: false };
}

/**
 * The payload of an event, as buses of this package send it.
 * @param {Given} event
 * @returns {Buffer<ArrayBuffer>}
 */
function encodeInvalidationEvent(event) {
  if (event === null || typeof event !== 'object') throw argument('event', 'an object', event);
  const { serialize } = require('./serializer/serializer.js');
  return serialize(withTextKeys(event));
}

/**
 * The first message in a payload; `null` if it has none.
 * @param {unknown} bytes
 * @returns {import('../types/bus.js').InvalidationEvent | null}
 */
function decodeInvalidationEvent(bytes) {
  return decodeInvalidationEvents(bytes)[0] ?? null;
}

/**
 * The messages in a payload: loaded values share one.
 * @param {unknown} bytes
 * @returns {import('../types/bus.js').InvalidationEvent[]}
 */
function decodeInvalidationEvents(bytes) {
  if (!ArrayBuffer.isView(bytes)) return [];
  const { deserialize } = require('./serializer/serializer.js');
  const first = /** @type {Foreign} */ (deserialize(bytes));
  const events = first?.more === undefined ? [first] : apart(first, deserialize);
  return events
    .filter(isEvent)
    .map((event) => /** @type {import('../types/bus.js').InvalidationEvent} */ (shownEvent(withTextKeys(event))));
}

/**
 * The events of a payload with several, in the form that engine/src/bus/wire/together.rs describes.
 * @param {Foreign} read the first, with the others
 * @param {(bytes: Uint8Array) => unknown} deserialize
 * @returns {Foreign[]}
 */
function apart({ more, ...first }, deserialize) {
  const [count, ...others] = Array.isArray(more) ? more : [];
  const common = Object.fromEntries(Object.entries(first).slice(0, count));
  const of = (/** @type {unknown} */ own) => {
    const read = ArrayBuffer.isView(own) ? deserialize(/** @type {Uint8Array} */ (own)) : null;
    if (read === null || typeof read !== 'object') return {};
    const { more: _, ...event } = /** @type {Foreign} */ ({ ...common, ...read });
    return event;
  };
  return [first, ...others.map(of)];
}

/** @param {Given} read */
function isEvent(read) {
  if (read === null || typeof read !== 'object') return false;
  if (read.type === 'pattern') return typeof read.pattern === 'string';
  return (read.type === 'del' || (read.type === 'set' && read.value !== undefined)) && isKeys(read.keys);
}

/** @param {unknown} keys */
function isKeys(keys) {
  return Array.isArray(keys) && keys.every((key) => typeof key === 'string' || typeof key === 'number');
}

/**
 * An event with its keys as strings: 0.4.0 drops events with others.
 * @param {Foreign} event
 */
function withTextKeys(event) {
  const { keys } = event;
  if (!Array.isArray(keys) || !keys.some((key) => typeof key === 'number')) return event;
  return { ...event, keys: keys.map((key) => (typeof key === 'number' ? String(key) : key)) };
}

/**
 * The fields by which caches of this package know the order of events.
 * @typedef {object} Order
 * @property {unknown} [publisher]
 * @property {unknown} [sequence]
 * @property {unknown} [seen]
 * @property {boolean} [isRedelivered] it was delivered before, and others may have been handled since
 */

/** Of events that handlers see without it. @type {WeakMap<object, Order>} */
const orders = new WeakMap();

/**
 * An event as handlers see it: without the fields for caches of this package, which {@link orderOf} still finds.
 * @param {Foreign} received
 * @param {boolean} [isRedelivered]
 */
function shownEvent(received, isRedelivered = false) {
  if (received === null || typeof received !== 'object') return received;
  const { publisher, sequence, seen, ...event } = received;
  if (publisher !== undefined || seen !== undefined || isRedelivered) {
    orders.set(event, { publisher, sequence, seen, isRedelivered });
  }
  return event;
}

/**
 * @param {Foreign} event
 * @returns {Order}
 */
function orderOf(event) {
  return orders.get(event) ?? event;
}

module.exports = {
  isKeys,
  packEvent,
  encodeInvalidationEvent,
  decodeInvalidationEvent,
  decodeInvalidationEvents,
  orderOf,
  shownEvent,
};
