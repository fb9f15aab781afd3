'use strict';
// The cache: layers, read-through, resilience, and agreement with the other instances.

const { Adapter } = require('./adapter.js');
const { BROADCAST_SET_MAX_BYTES, nativeOf, onGap, TransportEventBus } = require('./bus/event-bus.js');
const { LAYERS } = require('./contract/codes.js');
const { OPTION } = require('./contract/options.js');
const { Core } = require('./core.js');
const { Emitter } = require('./emitter.js');
const { argument } = require('./errors.js');
const { hide } = require('./hidden.js');
const { lazy } = require('./lazy.js');
const { Logger } = require('./logger.js');
const { isPlainMemoryStore, memoryCoreOf } = require('./memory-store.js');
const {
  checkMethods,
  readCacheOptions,
  readCloseTimeout,
  readHandlers,
  readLayerOptions,
  readTypes,
  readLogging,
  setText,
} = require('./options/read.js');
const { isRedisStore, layerOf, layerOptionsOf, prefixOf } = require('./redis/redis-store.js');
const { getOrSetBy, overriddenBy } = require('./overridden.js');
const { bridge } = require('./raw.js');
const { SlotTable } = require('./memory/slots.js');
const { isTraced, run, traced, tracedGetOrSet } = require('./tracing/index.js');

/**
 * The methods that custom layers must have. Rarer verbs ask for further ones when they are called.
 */
const L1_METHODS = Object.freeze(['get', 'set', 'has', 'delete', 'deleteByPattern', 'size']);
const L2_METHODS = Object.freeze(['get', 'set', 'has', 'delete']);

const dashboard = lazy(() => require('./observability/attach.js'));
const namespaces = lazy(() => require('./namespace/namespace.js'));
const customBus = lazy(() => require('./bus/custom-bus.js'));

const DEFAULT_CLOSE_TIMEOUT_MS = 5000;

/** A layer given as an option: `undefined` and `null` are not given, `false` is off. */
const isGiven = (/** @type {unknown} */ layer) => layer !== undefined && layer !== null && layer !== false;

/**
 * Under the name that runtimes without it agree on.
 * @type {typeof Symbol.asyncDispose}
 */
const asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');

/** The symbol of Node.js for the text that `console.log` shows. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const CORE = Symbol('core');
const DASHBOARD = Symbol('dashboard');

/** @param {Foreign} cache @returns {Core} */
const coreOf = (cache) => cache[CORE];

// Keys and loaders may be anything here: the core checks them, in one place for all classes.
class HybridCache {
  /** @param {Given} [options] */
  constructor(options = {}) {
    const logger = new Logger(readLogging(options?.logging));
    const emitter = new Emitter(logger, readHandlers(options?.events));
    const layers = readLayers(options ?? {});
    const observability = observabilityIn(options);
    const { core, name } = createCore(options ?? {}, layers, emitter, observability !== undefined);
    core.overridden = overriddenBy(this, HybridCache.prototype);
    hide(this, CORE, core);
    if (observability !== undefined) observe(this, core, { options: options ?? {}, ...layers, observability });
    if (layers.eventBus !== undefined && name === '') warnOfNameless(layers.eventBus, core, logger);
    if (layers.eventBus !== undefined && layers.subscribes) subscribe(layers.eventBus, core, logger);
  }

  get(/** @type {any} */ key) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'get', [key]) : core.get(key);
  }

  set(/** @type {any} */ key, /** @type {unknown} */ value, /** @type {Given} */ options) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'set', [key, value, options]) : core.set(key, value, options);
  }

  getOrSet(/** @type {any} */ key, /** @type {any} */ loader, /** @type {Given} */ options) {
    const core = coreOf(this);
    if (isTraced()) return tracedGetOrSet(this, core, [key, loader, options]);
    if (core.overridden === undefined) return core.getOrSet(key, loader, options);
    return getOrSetBy(this, core, key, loader, options);
  }

  peek(/** @type {any} */ key) {
    return coreOf(this).peek(key);
  }

  getEntry(/** @type {any} */ key) {
    return run(coreOf(this), 'getEntry', [key]);
  }

  getOrSetEntry(/** @type {any} */ key, /** @type {any} */ loader, /** @type {Given} */ options) {
    return run(coreOf(this), 'getOrSetEntry', [key, loader, options]);
  }

  has(/** @type {any} */ key) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'has', [key]) : core.has(key);
  }

  delete(/** @type {any} */ key) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'delete', [key]) : core.delete(key);
  }

  deleteByPattern(/** @type {string} */ pattern) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'deleteByPattern', [pattern]) : core.deleteByPattern(pattern);
  }

  expire(/** @type {any} */ key) {
    return run(coreOf(this), 'expire', [key]);
  }

  expireByPattern(/** @type {string} */ pattern) {
    return run(coreOf(this), 'expireByPattern', [pattern]);
  }

  deleteByTag(/** @type {string | string[]} */ tags) {
    return run(coreOf(this), 'deleteByTag', [tags]);
  }

  expireByTag(/** @type {string | string[]} */ tags) {
    return run(coreOf(this), 'expireByTag', [tags]);
  }

  tags() {
    return coreOf(this).tags();
  }

  namespace(/** @type {string} */ name, /** @type {Given} */ options) {
    return namespaces().namespaceOf(this, coreOf(this), name, options);
  }

  clear() {
    return this.deleteByPattern('*');
  }

  size() {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'size', []) : core.size();
  }

  stats() {
    return coreOf(this).stats();
  }

  on(/** @type {(event: any) => void} */ handler, /** @type {Given} */ options = {}) {
    if (typeof handler !== 'function') throw argument('handler', 'a function', handler);
    const types = readTypes(options);
    const core = coreOf(this);
    const off = core.emitter.on(handler, types);
    core.watch();
    return off;
  }

  close(/** @type {Given} */ options = {}) {
    try {
      const timeoutMs = readCloseTimeout(options) ?? DEFAULT_CLOSE_TIMEOUT_MS;
      const core = coreOf(this);
      core.closing ??= closeAll(core, timeoutMs, dashboardOf(this));
      return core.closing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getObservabilityHandler() {
    return dashboardOf(this)?.handler;
  }

  getObservabilityServer() {
    return dashboardOf(this)?.server;
  }

  async closeObservability() {
    await dashboardOf(this)?.close();
  }

  /** @param {number} depth @param {object} options @param {(value: unknown, options: object) => string} [inspect] */
  [INSPECT](depth, options, inspect) {
    return require('./describe.js').describe(this, coreOf(this), { depth, options, inspect });
  }

  [asyncDispose]() {
    return this.close();
  }
}

class LazyLayersCache extends HybridCache {}

/** @param {Given} [options] */
function createCache(options) {
  return new LazyLayersCache(options);
}

/** @param {Foreign} cache @returns {import('./observability/attach.js').Observability | undefined} */
const dashboardOf = (cache) => cache[DASHBOARD]?.dashboard;

/**
 * The options of a dashboard, if there is to be one. The check is short, as most caches have none.
 * @param {Given} options
 */
function observabilityIn(options) {
  const given = options?.observability ?? undefined;
  const isAskedFor = given === undefined ? process.env['LAZY_OBS_ENABLED'] !== undefined : given !== false;
  return isAskedFor ? dashboard().observabilityOf(given) : undefined;
}

/**
 * @param {HybridCache} cache
 * @param {Core} core
 * @param {any} parts
 */
function observe(cache, core, parts) {
  const hasTable = !isGiven(parts.l1) && parts.l1 !== false;
  const made = new (dashboard().Observability)(cache, core, { ...parts, hasTable });
  core.watch();
  hide(cache, DASHBOARD, { dashboard: made });
  made.start(cache);
}

/**
 * @param {Core} core
 * @param {number} timeoutMs
 * @param {import('./observability/attach.js').Observability | undefined} dashboard
 */
async function closeAll(core, timeoutMs, dashboard) {
  await Promise.all([core.close(timeoutMs), dashboard?.end()]);
}

/**
 * The objects that a cache is made of. Each is asked for once, as a getter may give another the next time, and checked
 * for what will be called.
 * @param {Foreign} options
 */
function readLayers(options) {
  const { l1, l2, eventBus, subscribeToEvents } = options;
  const subscribes = subscribeToEvents !== false;
  if (isGiven(l1)) checkMethods('l1', l1, L1_METHODS);
  if (isGiven(l2)) checkMethods('l2', l2, L2_METHODS);
  if (isGiven(eventBus)) checkMethods('eventBus', eventBus, subscribes ? ['publish', 'subscribe'] : ['publish']);
  return { l1, l2, eventBus: isGiven(eventBus) ? eventBus : undefined, subscribes };
}

/**
 * @param {Foreign} options
 * @param {ReturnType<typeof readLayers>} layers
 * @param {Emitter} emitter
 * @param {boolean} isTimed whether it has a dashboard
 */
function createCore(options, { l1, l2, eventBus }, emitter, isTimed) {
  const bus = eventBus === undefined ? undefined : nativeOf(eventBus);
  // Checked also where the options of a builtin store take precedence.
  const given = readCacheOptions(options);
  const layer2 = layer2Of(l2, options);
  const numbers = layer2.options === options ? given : readLayerOptions(layer2.options);
  /** @type {import('./options/read.js').OptionRecord} */
  const record = Object.assign([...numbers], { texts: given.texts });
  // A store that has a prefix names the caches over it.
  const name = given.texts?.get(OPTION.NAME)?.[0] ?? prefixOf(l2);
  if (name !== '') setText(record, OPTION.NAME, name);
  if (eventBus instanceof TransportEventBus && Number.isNaN(record[OPTION.BROADCAST_SET_MAX_BYTES])) {
    record[OPTION.BROADCAST_SET_MAX_BYTES] = BROADCAST_SET_MAX_BYTES;
    emitter.watchSizes();
  }
  const store = memoryCoreOf(l1);
  // The lifetime that a store was given goes before that of the cache.
  if (store !== undefined && store.givenLifetime >= 0) record[OPTION.LEVELS_L1_TTL_MS] = store.givenLifetime;
  const shared = isPlainMemoryStore(l1) ? store : undefined;
  let { flags } = layer2;
  if (l1 === false) flags |= LAYERS.NO_L1;
  else if (isGiven(l1) && shared === undefined) flags |= LAYERS.CUSTOM_L1;
  if (eventBus !== undefined) flags |= bus === undefined ? LAYERS.CUSTOM_BUS : LAYERS.BUILTIN_BUS;
  /** Known once the core is made. @type {{ core?: WeakRef<Core> }} */
  const held = {};
  const isCustomBus = eventBus !== undefined && bus === undefined;
  const coreOf = () => held.core?.deref();
  const targets = isCustomBus ? customBus().customBusTargets(eventBus, emitter.logger, coreOf) : [eventBus];
  const core = new Core({
    record,
    table: shared?.table ?? new SlotTable(isGiven(l1) || l1 === false ? undefined : record),
    adapter: new Adapter({ l1, l2: layer2.l2, bus: targets, emitter }),
    flags,
    ownsTable: shared === undefined,
    redis: layer2.redis,
    bus,
    entryText: layer2.entryText,
    name,
    isListed: true,
    isTimed,
  });
  held.core = new WeakRef(core);
  core.watch();
  return { core, name };
}

/**
 * The second layer: a builtin store, a custom object, or none.
 * @param {Foreign} l2
 * @param {Foreign} options
 */
function layer2Of(l2, options) {
  if (!isGiven(l2)) return { flags: 0, redis: undefined, l2: undefined, options, entryText: undefined };
  const builtin = layerOf(l2, options);
  if (builtin !== undefined) return builtin;
  const locks = typeof l2.acquireLock === 'function' && typeof l2.releaseLock === 'function';
  const flags = LAYERS.CUSTOM_L2 | (locks ? LAYERS.L2_LOCKS : 0) | (isRedisStore(l2) ? LAYERS.L2_SHARED : 0);
  return { flags, redis: undefined, l2, ...layerOptionsOf(l2, options) };
}

/**
 * The first cache without a name on each bus, until a second one comes.
 * @type {WeakMap<object, WeakRef<Core> | null>}
 */
const nameless = new WeakMap();

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
