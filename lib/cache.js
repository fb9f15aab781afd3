'use strict';
// The cache: layers, read-through, resilience, and invalidation between instances.

const { createCore, isGiven, readLayers } = require('./create-core.js');
const { Emitter } = require('./emitter.js');
const { argument, closed } = require('./errors.js');
const { hide } = require('./hidden.js');
const { lazy } = require('./lazy.js');
const { Logger } = require('./logger.js');
const { readWarm } = require('./options/work.js');
const { readCloseTimeout, readHandlers, readLogging, readTypes } = require('./options/read.js');
const { unknownOptions } = require('./options/unknown.js');
const { getOrSetBy, overriddenBy } = require('./overridden.js');
const { subscribe, warnOfNameless } = require('./subscribe.js');
const { isTraced, run, traced, tracedGetOrSet } = require('./tracing/index.js');

/** @typedef {import('./core.js').Core} Core */

const dashboard = lazy(() => require('./observability/attach.js'));
const warming = lazy(() => require('./warm.js'));
const many = lazy(() => require('./many/index.js'));
const whatIf = lazy(() => require('./what-if/index.js'));
const namespaces = lazy(() => require('./namespace/namespace.js'));

const DEFAULT_CLOSE_TIMEOUT_MS = 5000;

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

/** @param {HybridCache} cache */
const subjectOf = (cache) => ({ owner: cache, core: coreOf(cache), original: HybridCache.prototype });

// Keys and loaders are not checked here: the core checks them, in one place for all classes.
class HybridCache {
  /** @param {Given} [options] */
  constructor(options = {}) {
    const logger = new Logger(readLogging(options?.logging));
    const emitter = new Emitter(logger, readHandlers(options?.events));
    const layers = readLayers(options ?? {});
    const observability = observabilityIn(options);
    const { core, name } = createCore(options ?? {}, layers, emitter, observability !== undefined);
    for (const line of unknownOptions(options)) logger.warn(line);
    core.overridden = overriddenBy(this, HybridCache.prototype);
    hide(this, CORE, core);
    const file = readWarm(options?.warm, core);
    if (file !== undefined) warming().warm(core, file);
    if (observability !== undefined) observe(this, core, { options: options ?? {}, ...layers, observability });
    if (layers.eventBus !== undefined && name === '') warnOfNameless(layers.eventBus, core, logger);
    if (layers.eventBus !== undefined && layers.subscribes) subscribe(layers.eventBus, core, logger);
  }

  get(/** @type {EntryKey} */ key) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'get', [key]) : core.get(key);
  }

  set(/** @type {EntryKey} */ key, /** @type {unknown} */ value, /** @type {Given} */ options) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'set', [key, value, options]) : core.set(key, value, options);
  }

  getOrSet(/** @type {EntryKey} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    const core = coreOf(this);
    if (isTraced()) return tracedGetOrSet(this, core, [key, loader, options]);
    if (core.overridden === undefined) return core.getOrSet(key, loader, options);
    return getOrSetBy(this, core, key, loader, options);
  }

  peek(/** @type {EntryKey} */ key) {
    return coreOf(this).peek(key);
  }

  getEntry(/** @type {EntryKey} */ key) {
    return run(coreOf(this), 'getEntry', [key]);
  }

  getOrSetEntry(/** @type {EntryKey} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    return run(coreOf(this), 'getOrSetEntry', [key, loader, options]);
  }

  has(/** @type {EntryKey} */ key) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'has', [key]) : core.has(key);
  }

  delete(/** @type {EntryKey} */ key) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'delete', [key]) : core.delete(key);
  }

  deleteByPattern(/** @type {string} */ pattern) {
    const core = coreOf(this);
    return isTraced() ? traced(core, 'deleteByPattern', [pattern]) : core.deleteByPattern(pattern);
  }

  expire(/** @type {EntryKey} */ key) {
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

  getMany(/** @type {any[]} */ ...args) {
    return many().callMany('getMany', subjectOf(this), args);
  }

  setMany(/** @type {any[]} */ ...args) {
    return many().callMany('setMany', subjectOf(this), args);
  }

  hasMany(/** @type {unknown} */ keys) {
    return many().callMany('hasMany', subjectOf(this), [keys]);
  }

  deleteMany(/** @type {unknown} */ keys) {
    return many().callMany('deleteMany', subjectOf(this), [keys]);
  }

  wrap(/** @type {Function} */ fn, /** @type {Given} */ options) {
    return require('./many/wrap.js').wrap(subjectOf(this), fn, options);
  }

  stats() {
    return coreOf(this).stats();
  }

  advice(/** @type {Given} */ options) {
    return whatIf().advice(coreOf(this), options);
  }

  on(/** @type {(event: any) => void} */ handler, /** @type {Given} */ options = {}) {
    if (typeof handler !== 'function') throw argument('handler', 'a function', handler);
    const types = readTypes(options);
    const core = coreOf(this);
    const off = core.emitter.on(handler, types);
    core.watch();
    return off;
  }

  disable(/** @type {unknown} */ layer) {
    coreOf(this).skip('disable', layer, true);
  }

  enable(/** @type {unknown} */ layer) {
    coreOf(this).skip('enable', layer, false);
  }

  async save(/** @type {unknown} */ file, /** @type {Given} */ options) {
    const core = coreOf(this);
    if (core.closed) throw closed('save');
    return warming().save(core, file, options);
  }

  drain() {
    return coreOf(this).drain();
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
 * @param {{ l1: Given | false, l2: Given | false, eventBus: Given, options: Foreign, observability: any }} parts
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

module.exports = { HybridCache, LazyLayersCache, createCache };
