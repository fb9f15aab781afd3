'use strict';
// The public interface of all buses: connect, publish, subscribe, check the health, disconnect.

const { argument, misuse } = require('../errors.js');
const { hide } = require('../hidden.js');

/**
 * @typedef {object} Backend how a bus reaches its broker
 * @property {number} native the bus of the addon
 * @property {() => Promise<void>} connect
 * @property {(event: any) => Promise<void>} publish
 * @property {(handler: (event: any) => any) => Promise<void>} subscribe
 * @property {() => Promise<any>} health
 * @property {() => Promise<void>} disconnect
 *
 * @typedef {object} Parts of a bus
 * @property {() => Backend} make its backend, when it is first used; throws for options that are missing
 * @property {(health: any) => object} about the part of health that is special to its transport
 * @property {number} [maxBytes] the largest event that it takes
 * @property {(url: unknown) => void} [setUrl] takes a URL that was not known before
 */

/** The parts of a bus, and its backend once that is made. */
const BACKEND = Symbol('backend');

class TransportEventBus {
  /** @param {Parts} parts */
  constructor(parts) {
    hide(this, BACKEND, { ...parts, made: undefined });
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
    await partsOf(this)?.made?.disconnect();
  }
}

/**
 * Undefined for an object of the class that its constructor has not made, such as a stub of a test.
 * @param {TransportEventBus} bus
 * @returns {Parts & { made: Backend | undefined } | undefined}
 */
const partsOf = (bus) => /** @type {Foreign} */ (bus)[BACKEND];

/**
 * @param {TransportEventBus} bus
 * @returns {Backend}
 */
function backendOf(bus) {
  const parts = partsOf(bus);
  if (parts === undefined) throw misuse('not an event bus of this package');
  parts.made ??= parts.make();
  return parts.made;
}

const ORIGINAL = Object.freeze({
  publish: TransportEventBus.prototype.publish,
  subscribe: TransportEventBus.prototype.subscribe,
});

/**
 * Whether a bus has the methods of this package.
 * @param {Foreign} bus
 */
function isOriginal(bus) {
  return bus.publish === ORIGINAL.publish && bus.subscribe === ORIGINAL.subscribe;
}

module.exports = { TransportEventBus, backendOf, isOriginal, partsOf };
