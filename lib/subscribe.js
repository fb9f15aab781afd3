'use strict';
// Caches on a bus.

const { nativeOf } = require('./bus/for-caches.js');
const { bridge } = require('./raw.js');

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./logger.js').Logger} Logger */

/**
 * The first cache without a name on each bus, until a second one comes.
 * @type {WeakMap<object, WeakRef<Core> | null>}
 */
const nameless = new WeakMap();

/**
 * Puts a new cache on its bus.
 * @param {{ eventBus: Foreign, subscribes: boolean }} layers
 * @param {Core} core
 * @param {string} name
 */
function join({ eventBus, subscribes }, core, name) {
  const { logger } = core.emitter;
  if (name === '') warnOfNameless(eventBus, core, logger);
  if (subscribes) subscribe(eventBus, core, logger);
}

/**
 * Caches without a name on one bus apply each other's values.
 * @param {Foreign} bus
 * @param {Core} core
 * @param {Logger} logger
 */
function warnOfNameless(bus, core, logger) {
  const first = nameless.get(bus);
  if (first === null) return;
  const living = first?.deref();
  if (living === undefined || living.closed) {
    nameless.set(bus, new WeakRef(core));
    return;
  }
  nameless.set(bus, null);
  logger.warn(
    'two caches without a "name" are on one event bus: each applies what the other deletes and loads. Give each cache the option "name", the same in all processes',
  );
}

/**
 * Has the bus hand its events to the cache. The bus holds the cache weakly: subscribed is not used.
 * @param {Foreign} bus
 * @param {Core} core
 * @param {Logger} logger
 */
function subscribe(bus, core, logger) {
  const native = nativeOf(bus);
  if (native !== undefined) {
    // By the engine itself: events are applied without a turn of this thread.
    bridge.raw.busAttach(core.id, native, core.adapter.id);
    return;
  }
  const { applyEvent } = require('./bus-events.js');
  const held = new WeakRef(core);
  const handler = (/** @type {Foreign} */ event) => {
    const living = held.deref();
    try {
      return living === undefined || living.closed ? Promise.resolve() : applyEvent(living, event);
    } catch (error) {
      // An event whose fields cannot be read.
      return Promise.reject(error);
    }
  };
  const failed = (/** @type {unknown} */ error) => logger.error('subscribing to the event bus failed', error);
  try {
    Promise.resolve(bus.subscribe(handler)).catch(failed);
  } catch (error) {
    failed(error);
  }
}

module.exports = { join };
