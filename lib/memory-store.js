'use strict';
// The memory layer as a store of its own.

const { Adapter } = require('./adapter.js');
const { Core } = require('./core.js');
const { SilentEmitter } = require('./emitter.js');
const { Logger } = require('./logger.js');
const { readCacheOptions } = require('./options/read.js');
const { SlotTable } = require('./slots.js');

class MemoryStore {
  #core;

  /** @param {any} [options] */
  constructor(options = {}) {
    readCacheOptions(options);
    const table = new SlotTable(true);
    table.weighs = options?.levels?.L1?.maxBytes !== undefined && options.levels.L1.maxBytes !== null;
    this.#core = new Core({
      table,
      adapter: new Adapter({ emitter: new SilentEmitter(new Logger(), []) }),
      flags: 0,
      source: '',
      versioning: false,
      weighs: table.weighs,
      failSafe: options?.failSafe?.enabled === true,
      ownsTable: true,
    });
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

  inspect(/** @type {any} */ options = {}) {
    const { inspectTable } = require('./inspect.js');
    return inspectTable(this.#core, options);
  }

  /**
   * The slots of a store, for a cache that stands on it.
   * @param {MemoryStore} store
   */
  static tableOf(store) {
    return store.#core.table;
  }

  /**
   * Whether an object is a memory store whose behaviour nobody has changed: a cache may then stand on its
   * layer directly. Otherwise it is driven through its methods, as any object of the user's.
   * @param {any} store
   * @returns {boolean}
   */
  static isPlain(store) {
    if (typeof store !== 'object' || store === null || !(#core in store)) return false;
    return METHODS.every((method) => /** @type {any} */ (store)[method] === ORIGINAL[method]);
  }
}

const METHODS = ['get', 'set', 'getOrSet', 'has', 'delete', 'deleteByPattern', 'clear', 'size'];
const { tableOf, isPlain } = MemoryStore;
// What users see of the class is the contract alone.
Reflect.deleteProperty(MemoryStore, 'tableOf');
Reflect.deleteProperty(MemoryStore, 'isPlain');
/** @type {Record<string, unknown>} */
const ORIGINAL = Object.fromEntries(METHODS.map((method) => [method, /** @type {any} */ (MemoryStore.prototype)[method]]));

module.exports = { MemoryStore, tableOf, isPlainMemoryStore: isPlain };
