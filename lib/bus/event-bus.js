'use strict';
// The public interface of all buses: connect, publish, subscribe, check the health, disconnect.

const { KeptContext } = require('../context.js');
const { argument, failure } = require('../errors.js');
const { hide } = require('../hidden.js');

/**
 * @typedef {object} Backend how a bus reaches its broker
 * @property {number} native the bus of the addon
 * @property {() => Promise<void>} connect
 * @property {(event: any) => Promise<void>} publish
 * @property {(handler: (event: any) => any) => Promise<void>} subscribe
 * @property {() => Promise<any>} health
 * @property {() => Promise<void>} disconnect
 */

/**
 * The largest event with a value that a cache sends by default to a bus of this package: Redis ends the connection of
 * a subscriber behind which 32 MB have piled up, or 8 MB for a minute.
 */
const BROADCAST_SET_MAX_BYTES = 1_048_576;

/** The factory of the backend of a bus, the backend once it is made, and the transport's part of its health. */
const BACKEND = Symbol('backend');

class TransportEventBus {
  /**
   * @param {() => Backend} backend made when it is first used; throws for options that are missing
   * @param {(health: any) => object} about the part of health that is special to this transport
   * @param {number} [maxBytes] the largest event that it takes
   */
  constructor(backend, about, maxBytes = Infinity) {
    hide(this, BACKEND, { make: backend, made: undefined, about, maxBytes });
  }

  async connect() {
    await backendOf(this).connect();
  }

  /** @param {Given} event */
  async publish(event) {
    if (event === null || typeof event !== 'object') throw argument('event', 'an object', event);
    await backendOf(this).publish(event);
  }

  /** @param {(event: any) => unknown} handler */
  async subscribe(handler) {
    if (typeof handler !== 'function') throw argument('handler', 'a function', handler);
    await backendOf(this).subscribe(handler);
  }

  async disconnect() {
    // A bus that was never used has nothing to end.
    await /** @type {Foreign} */ (this)[BACKEND].made?.disconnect();
  }
}

/**
 * @param {TransportEventBus} bus
 * @returns {Backend}
 */
function backendOf(bus) {
  const backend = /** @type {Foreign} */ (bus)[BACKEND];
  if (backend === undefined) throw new TypeError('lazy-layers-cache: not an event bus of this package');
  backend.made ??= backend.make();
  return backend.made;
}

/**
 * How a bus is, connected if it was not; never rejects.
 * @param {TransportEventBus} bus
 * @param {string} transport
 * @returns {Promise<any>}
 */
async function healthOf(bus, transport) {
  let health;
  try {
    health = await backendOf(bus).health();
  } catch (error) {
    health = { ok: false, error };
  }
  const { ok, error, place: _place, publisher: _publisher, subscriber: _subscriber, ...counts } = health;
  const fault = error === undefined ? {} : { error: error instanceof Error ? error : failure(String(error)) };
  return { ok, transport, .../** @type {Foreign} */ (bus)[BACKEND].about(health), ...fault, ...counts };
}

/**
 * The bus of the addon that a cache may use without a call to its methods: they must be the original ones. Undefined
 * for any other, and for one that cannot be made yet.
 * @param {Foreign} bus
 * @returns {number | undefined}
 */
function nativeOf(bus) {
  if (!(bus instanceof TransportEventBus) || !isOriginal(bus)) return undefined;
  try {
    return backendOf(bus).native;
  } catch {
    // Told when it is used.
    return undefined;
  }
}

/** @param {Foreign} bus */
function isOriginal(bus) {
  return bus.publish === ORIGINAL.publish && bus.subscribe === ORIGINAL.subscribe;
}

/**
 * The largest event with a value that a cache sends to a bus: by default, and at all.
 * @param {TransportEventBus} bus
 * @param {number} wanted not a number: the default
 */
function broadcastLimitOf(bus, wanted) {
  const most = Number.isNaN(wanted) ? BROADCAST_SET_MAX_BYTES : wanted;
  return Math.min(most, /** @type {Foreign} */ (bus)[BACKEND]?.maxBytes ?? Infinity);
}

/**
 * A bus whose sessions with its broker are in JavaScript.
 * @param {{ name: string, isOrdered?: boolean, connectTimeoutMs?: number, retryQueue: object }} described
 * @param {object} how
 * @param {import('../logger.js').Logger} how.logger
 * @param {number} [how.concurrency]
 * @param {import('./session.js').Transport} how.transport
 * @param {KeptContext} [how.context] in which the transport is called. Default: that of this call
 * @returns {Backend}
 */
function jsBus(described, { transport, context = new KeptContext('LazyLayersEventBus'), ...how }) {
  const { NativeBusBackend } = require('./native-backend.js');
  const { BusSession } = require('./session.js');
  const open = (/** @type {number} */ number) => new BusSession(number, transport, context);
  return new NativeBusBackend({ js: described }, { ...how, open });
}

const ORIGINAL = Object.freeze({
  publish: TransportEventBus.prototype.publish,
  subscribe: TransportEventBus.prototype.subscribe,
});

module.exports = { BROADCAST_SET_MAX_BYTES, TransportEventBus, backendOf, broadcastLimitOf, healthOf, jsBus, nativeOf };
