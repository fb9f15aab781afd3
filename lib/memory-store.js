'use strict';
// `MemoryStore`: a memory layer by itself. The layer is loaded with the first one: see memory-layer.js.

const { hide } = require('./hidden.js');
const { lazy } = require('./lazy.js');

/** @typedef {import('./core.js').Core} Core */

const CORE = Symbol('core');

const layers = lazy(() => require('./memory-layer.js'));
const overriding = lazy(() => require('./overridden.js'));

/** @param {Foreign} store @returns {Core} */
const coreOf = (store) => store[CORE];

// Keys and loaders are not checked here: the core checks them, in one place for all classes.
class MemoryStore {
  /** @param {Given} [options] */
  constructor(options = {}) {
    hide(this, CORE, layers().storeCore(this, MemoryStore.prototype, options));
  }

  get(/** @type {EntryKey} */ key) {
    return coreOf(this).get(key);
  }

  set(/** @type {EntryKey} */ key, /** @type {unknown} */ value, /** @type {Given} */ options) {
    return coreOf(this).set(key, value, options);
  }

  getOrSet(/** @type {EntryKey} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    const core = coreOf(this);
    if (core.overridden === undefined) return core.getOrSet(key, loader, options);
    return overriding().getOrSetBy(this, core, key, loader, options);
  }

  has(/** @type {EntryKey} */ key) {
    return coreOf(this).has(key);
  }

  delete(/** @type {EntryKey} */ key) {
    return coreOf(this).delete(key);
  }

  deleteByPattern(/** @type {string} */ pattern) {
    return coreOf(this).deleteByPattern(pattern);
  }

  clear() {
    return this.deleteByPattern('*');
  }

  size() {
    return coreOf(this).size();
  }

  inspect(/** @type {Given} */ options = {}) {
    const { inspectTable } = require('./inspect.js');
    return inspectTable(coreOf(this), options);
  }
}

const METHODS = ['get', 'set', 'getOrSet', 'has', 'delete', 'deleteByPattern', 'clear', 'size'];
/** @type {Record<string, unknown>} */
const ORIGINAL = Object.fromEntries(
  METHODS.map((method) => [method, /** @type {Foreign} */ (MemoryStore.prototype)[method]]),
);

/**
 * The core of a memory store, also of a subclass; undefined for any other value.
 * @param {Foreign} store
 * @returns {Core | undefined}
 */
function memoryCoreOf(store) {
  return typeof store === 'object' && store !== null ? store[CORE] : undefined;
}

/**
 * Whether an object is a memory store whose behaviour was not changed: a cache may then use its
 * layer directly. Otherwise it is driven through its methods, as any custom layer.
 * @param {Foreign} store
 * @returns {boolean}
 */
function isPlainMemoryStore(store) {
  return memoryCoreOf(store) !== undefined && METHODS.every((method) => store[method] === ORIGINAL[method]);
}

module.exports = { MemoryStore, isPlainMemoryStore, memoryCoreOf };
