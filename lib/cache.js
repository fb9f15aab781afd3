'use strict';
// The cache, as its users see it. What it runs on is loaded with the first one: see make-cache.js.

const { hide } = require('./hidden.js');
const { lazy } = require('./lazy.js');
const { isTraced, run, traced, tracedGetOrSet } = require('./tracing/index.js');

/** @typedef {import('./core.js').Core} Core */

const making = lazy(() => require('./make-cache.js'));
const overriding = lazy(() => require('./overridden.js'));
const closing = lazy(() => require('./close.js'));
const warming = lazy(() => require('./warm.js'));
const many = lazy(() => require('./many/index.js'));
const whatIf = lazy(() => require('./what-if/index.js'));
const callOptions = lazy(() => require('./options/of-call.js'));
const namespaces = lazy(() => require('./namespace/namespace.js'));

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
    const { core, start } = making().makeCache(this, HybridCache.prototype, options ?? {});
    hide(this, CORE, core);
    start((dashboard) => hide(this, DASHBOARD, { dashboard }));
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
    return overriding().getOrSetBy(this, core, key, loader, options);
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
    const core = coreOf(this);
    const answer = whatIf().advice(core, options);
    callOptions().tellUnknown(core, options, 'advice');
    return answer;
  }

  on(/** @type {(event: any) => void} */ handler, /** @type {Given} */ options = {}) {
    return making().listen(coreOf(this), handler, options);
  }

  disable(/** @type {unknown} */ layer) {
    coreOf(this).skip('disable', layer, true);
  }

  enable(/** @type {unknown} */ layer) {
    coreOf(this).skip('enable', layer, false);
  }

  async save(/** @type {unknown} */ file, /** @type {Given} */ options) {
    return warming().save(coreOf(this), file, options);
  }

  drain() {
    return coreOf(this).drain();
  }

  close(/** @type {Given} */ options = {}) {
    return closing().closeCache(coreOf(this), options, dashboardOf(this));
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

module.exports = { HybridCache, LazyLayersCache, createCache };
