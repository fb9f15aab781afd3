'use strict';
// What all buses are for their users: connect, publish, subscribe, see how it is, disconnect.

const { argument } = require('../errors.js');
const { hide } = require('../hidden.js');

/**
 * @typedef {object} Backend how a bus reaches its broker
 * @property {number} [native] the bus of the addon, when it is one
 * @property {() => Promise<void>} connect
 * @property {(event: any) => Promise<void>} publish
 * @property {(handler: (event: any) => any) => Promise<void>} subscribe
 * @property {() => Promise<any>} health
 * @property {() => Promise<void>} disconnect
 * @property {(heal: () => void) => void} [onGap] has `heal` called when events may have been missed
 */

/** Gives the backend of a bus. */
const BACKEND = Symbol('backend');

class TransportEventBus {
  /** @param {() => Backend} backend made when it is first used; throws for options that are missing */
  constructor(backend) {
    /** @type {Backend | undefined} */
    let made;
    hide(this, BACKEND, () => (made ??= backend()));
  }

  async connect() {
    await backendOf(this).connect();
  }

  /** @param {any} event */
  async publish(event) {
    if (event === null || typeof event !== 'object') throw argument('event', 'an object', event);
    await backendOf(this).publish(event);
  }

  /** @param {any} handler */
  async subscribe(handler) {
    const { isCallable } = require('./event.js');
    if (!isCallable(handler)) throw argument('handler', 'a function', handler);
    await backendOf(this).subscribe(handler);
  }

  async disconnect() {
    await backendOf(this).disconnect();
  }
}

/**
 * @param {TransportEventBus} bus
 * @returns {Backend}
 */
function backendOf(bus) {
  const backend = /** @type {any} */ (bus)[BACKEND];
  if (backend === undefined) throw new TypeError('lazy-layers-cache: not an event bus of this package');
  return backend();
}

/**
 * How a bus is; never rejects.
 * @param {TransportEventBus} bus
 * @param {string} transport
 * @returns {Promise<any>}
 */
async function healthOf(bus, transport) {
  try {
    return { transport, ...(await backendOf(bus).health()) };
  } catch (error) {
    return { transport, ok: false, error: /** @type {any} */ (error)?.message ?? String(error) };
  }
}

/**
 * The bus of the addon that a cache may use without a call to its methods: they must be the original ones. Undefined
 * for any other, and for one that cannot be made yet.
 * @param {any} bus
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

/** @param {any} bus */
function isOriginal(bus) {
  return bus.publish === ORIGINAL.publish && bus.subscribe === ORIGINAL.subscribe;
}

/**
 * Has `heal` called when a bus of ours that is driven by way of a client may have missed events.
 * @param {any} bus
 * @param {() => void} heal
 */
function onGap(bus, heal) {
  if (bus instanceof TransportEventBus && isOriginal(bus)) backendOf(bus).onGap?.(heal);
}

const ORIGINAL = Object.freeze({
  publish: TransportEventBus.prototype.publish,
  subscribe: TransportEventBus.prototype.subscribe,
});

module.exports = { TransportEventBus, backendOf, healthOf, nativeOf, onGap };
