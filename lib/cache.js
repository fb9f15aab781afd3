'use strict';
// The cache: layers, read-through, resilience, and agreement with the other instances.

const { Adapter } = require('./adapter.js');
const { nativeOf, onGap } = require('./bus/event-bus.js');
const { FLAG } = require('./calls.js');
const { Core } = require('./core.js');
const { Emitter } = require('./emitter.js');
const { argument } = require('./errors.js');
const { Logger } = require('./logger.js');
const { isPlainMemoryStore, tableOf } = require('./memory-store.js');
const {
  checkMethods,
  readCacheOptions,
  readCloseTimeout,
  readHandlers,
  readLogging,
  readSource,
} = require('./options/read.js');
const { isSharedStore, layerOf } = require('./redis/redis-store.js');
const { bridge } = require('./raw.js');
const { SlotTable } = require('./slots.js');

const STORE_METHODS = Object.freeze(['get', 'set', 'has', 'delete', 'deleteByPattern', 'size']);

const DEFAULT_CLOSE_TIMEOUT_MS = 5000;

/** A layer given as an option: `undefined` and `null` are not given, `false` is off. */
const isGiven = (/** @type {any} */ layer) => layer !== undefined && layer !== null && layer !== false;

/**
 * Under the name that runtimes without it agree on.
 * @type {typeof Symbol.asyncDispose}
 */
const asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');

class HybridCache {
  #core;
  #emitter;
  #closing = /** @type {Promise<void> | undefined} */ (undefined);

  /** @param {any} [options] */
  constructor(options = {}) {
    const logger = new Logger(readLogging(options?.logging));
    this.#emitter = new Emitter(logger, readHandlers(options?.events));
    // Without one the engine makes one up.
    const source = readSource(options?.source) ?? '';
    checkObjects(options);
    this.#core = createCore(options ?? {}, source, this.#emitter);
    if (isGiven(options?.eventBus) && options.subscribeToEvents !== false) {
      subscribe(options.eventBus, this.#core, logger);
    }
  }

  get(/** @type {any} */ key) {
    return this.#core.get(key);
  }

  set(/** @type {any} */ key, /** @type {any} */ value, /** @type {any} */ options) {
    return this.#core.set(key, value, options);
  }

  getOrSet(/** @type {any} */ key, /** @type {any} */ loader, /** @type {any} */ options) {
    return this.#core.getOrSet(key, loader, options);
  }

  has(/** @type {any} */ key) {
    return this.#core.has(key);
  }

  delete(/** @type {any} */ key) {
    return this.#core.delete(key);
  }

  deleteByPattern(/** @type {any} */ pattern) {
    return this.#core.deleteByPattern(pattern);
  }

  clear() {
    return this.#core.deleteByPattern('*');
  }

  size() {
    return this.#core.size();
  }

  on(/** @type {any} */ handler) {
    if (typeof handler !== 'function') throw argument('handler', 'a function', handler);
    const off = this.#emitter.on(handler);
    this.#core.watch();
    return off;
  }

  close(/** @type {any} */ options = {}) {
    try {
      const timeoutMs = readCloseTimeout(options) ?? DEFAULT_CLOSE_TIMEOUT_MS;
      this.#closing ??= this.#core.close(timeoutMs);
      return this.#closing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** There is no dashboard yet. */
  getObservabilityHandler() {
    return undefined;
  }

  getObservabilityServer() {
    return undefined;
  }

  async closeObservability() {}

  [asyncDispose]() {
    return this.close();
  }
}

class LazyLayersCache extends HybridCache {}

/** @param {any} [options] */
function createCache(options) {
  return new LazyLayersCache(options);
}

/** @param {any} options */
function checkObjects(options) {
  if (isGiven(options?.l1)) checkMethods('l1', options.l1, STORE_METHODS);
  if (isGiven(options?.l2)) checkMethods('l2', options.l2, STORE_METHODS);
  if (isGiven(options?.eventBus)) checkMethods('eventBus', options.eventBus, ['publish', 'subscribe']);
}

/**
 * @param {any} options
 * @param {string} source
 * @param {Emitter} emitter
 */
function createCore(options, source, emitter) {
  const { l1, eventBus } = options;
  // First of all: a bus that is made now has parameters of its own.
  const bus = isGiven(eventBus) ? nativeOf(eventBus) : undefined;
  readCacheOptions(options);
  const layer2 = layer2Of(options);
  // A store of ours lays its own options over them.
  if (layer2.options !== options) readCacheOptions(layer2.options);
  const versioning = options.versioning?.enabled === true;
  const shared = isPlainMemoryStore(l1);
  const table = shared ? tableOf(l1) : new SlotTable(!isGiven(l1) && l1 !== false);
  let { flags } = layer2;
  if (l1 === false) flags |= FLAG.NO_L1;
  else if (isGiven(l1) && !shared) flags |= FLAG.OWN_L1;
  if (isGiven(eventBus)) flags |= bus === undefined ? FLAG.BUS : FLAG.OUR_BUS;
  const adapter = new Adapter({ l1, l2: layer2.l2, bus: eventBus, emitter });
  const core = new Core({
    table,
    adapter,
    flags,
    source,
    versioning,
    weighs: shared ? table.weighs : isGiven(options.levels?.L1?.maxBytes),
    failSafe: options.failSafe?.enabled === true,
    ownsTable: !shared,
    redis: layer2.redis,
    bus,
  });
  core.watch();
  return core;
}

/**
 * The second layer: a store of ours, an object of the user's, or none.
 * @param {any} options
 */
function layer2Of(options) {
  const { l2 } = options;
  if (!isGiven(l2)) return { flags: 0, redis: 0, l2: undefined, options };
  const ours = layerOf(l2, options);
  if (ours !== undefined) return ours;
  const locks = typeof l2.acquireLock === 'function' && typeof l2.releaseLock === 'function';
  const flags = FLAG.OWN_L2 | (locks ? FLAG.L2_LOCKS : 0) | (isSharedStore(l2) ? FLAG.L2_SHARED : 0);
  return { flags, redis: 0, l2, options };
}

/**
 * Has the bus hand its events to the cache. The bus holds the cache weakly: subscribed is not used.
 * @param {any} bus
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
  const handler = (/** @type {any} */ event) => {
    const living = held.deref();
    return living === undefined || living.closed ? Promise.resolve() : applyEvent(living, event);
  };
  onGap(bus, () => {
    const living = held.deref();
    if (living !== undefined && !living.closed) living.heal();
  });
  const failed = (/** @type {unknown} */ error) => logger.error('subscribing to the event bus failed', error);
  try {
    Promise.resolve(bus.subscribe(handler)).catch(failed);
  } catch (error) {
    failed(error);
  }
}

module.exports = { HybridCache, LazyLayersCache, createCache };
