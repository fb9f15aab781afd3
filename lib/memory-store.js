'use strict';
// `MemoryStore`: a memory layer by itself.

const { Adapter } = require('./adapter.js');
const { Core } = require('./core.js');
const { SilentEmitter } = require('./emitter.js');
const { hide } = require('./hidden.js');
const { lazy } = require('./lazy.js');
const { Logger } = require('./logger.js');
const { readLayerOptions } = require('./options/read.js');
const { readValues } = require('./options/values.js');
const { getOrSetBy, overriddenBy } = require('./overridden.js');
const { SlotTable } = require('./memory/slots.js');

const CORE = Symbol('core');

const watched = lazy(() => require('./memory/watched-table.js'));
const copying = lazy(() => require('./copying-core.js'));

/**
 * The table of a memory layer with these options.
 * @param {import('./options/read.js').OptionRecord} record
 * @param {Given} options
 */
function tableOf(record, options) {
  const { sharing, findsMutations } = readValues(options);
  return findsMutations ? new (watched().WatchedTable)(record, sharing) : new SlotTable(record, sharing);
}

/**
 * The class of the cores of caches over a table.
 * @param {SlotTable} table
 */
const coreOver = (table) => (table.sharing === 'copy' ? copying().CopyingCore : Core);

/** @param {Foreign} store @returns {Core} */
const coreOf = (store) => store[CORE];

// Keys and loaders are not checked here: the core checks them, in one place for all classes.
class MemoryStore {
  /** @param {Given} [options] */
  constructor(options = {}) {
    const record = readLayerOptions(options);
    const table = tableOf(record, options);
    const core = new (coreOver(table))({
      record,
      table,
      adapter: new Adapter({ emitter: new SilentEmitter(new Logger(), []) }),
      flags: 0,
      ownsTable: true,
    });
    core.overridden = overriddenBy(this, MemoryStore.prototype);
    hide(this, CORE, core);
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
    return getOrSetBy(this, core, key, loader, options);
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

module.exports = { MemoryStore, coreOver, isPlainMemoryStore, memoryCoreOf, tableOf };
