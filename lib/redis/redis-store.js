'use strict';
// A store in Redis.

const { STORE } = require('../contract/described.js');
const { argument, optionRange } = require('../errors.js');
const { hide } = require('../hidden.js');
const { isNoKey } = require('../keys.js');
const { getOrSetBy, overriddenBy } = require('../overridden.js');

/** How a store reaches Redis, and the options as the user gave them. */
const BACKEND = Symbol('backend');

// Keys and loaders are not checked here: the core checks them, in one place for all classes.
class RedisStore {
  /**
   * @param {unknown} redis
   * @param {Given} [options]
   */
  constructor(redis, options = {}) {
    const backend = backendOf(redis, options);
    backend.core.overridden = overriddenBy(this, RedisStore.prototype);
    hide(this, BACKEND, { backend, options });
  }

  get(/** @type {EntryKey} */ key) {
    return isNoKey(key) ? Promise.resolve(undefined) : backendIn(this).get(key);
  }

  set(/** @type {EntryKey} */ key, /** @type {unknown} */ value, /** @type {Given} */ options) {
    return backendIn(this).set(key, value, options);
  }

  getOrSet(/** @type {EntryKey} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    const { core } = backendIn(this);
    if (core.overridden === undefined) return core.getOrSet(key, loader, options);
    return getOrSetBy(this, core, key, loader, options);
  }

  has(/** @type {EntryKey} */ key) {
    return isNoKey(key) ? Promise.resolve(false) : backendIn(this).has(key);
  }

  delete(/** @type {EntryKey} */ key) {
    return isNoKey(key) ? Promise.resolve(undefined) : backendIn(this).delete(key);
  }

  async deleteByPattern(/** @type {unknown} */ pattern) {
    if (typeof pattern !== 'string') throw argument('pattern', 'a string', pattern);
    return backendIn(this).deleteByPattern(pattern);
  }

  clear() {
    return this.deleteByPattern('*');
  }

  size() {
    return backendIn(this).size();
  }

  async acquireLock(/** @type {EntryKey} */ key, /** @type {unknown} */ token, /** @type {unknown} */ ttlMs) {
    checkToken(token);
    if (typeof ttlMs !== 'number' || !(ttlMs > 0)) throw argument('ttlMs', 'a number of milliseconds above 0', ttlMs);
    return backendIn(this).acquireLock(key, token, ttlMs);
  }

  async releaseLock(/** @type {EntryKey} */ key, /** @type {unknown} */ token) {
    checkToken(token);
    return backendIn(this).releaseLock(key, token);
  }

  async inspect(/** @type {Given} */ options = {}) {
    return backendIn(this).inspect(options);
  }

  close() {
    return backendIn(this).close();
  }

  /**
   * The parts of a cache that has this store as its second layer. Undefined for any other object, and for a store with
   * overridden methods: that is driven through its methods.
   * @param {Foreign} store
   * @param {Foreign} options of the cache
   * @returns {{ flags: number, redis: number | undefined, l2: any, options: any, entryText: any } | undefined}
   */
  static layerOf(store, options) {
    if (!isRedisStore(store) || METHODS.some((method) => /** @type {Foreign} */ (store)[method] !== ORIGINAL[method])) {
      return undefined;
    }
    const taken = layerOptionsOf(store, options);
    return { ...backendIn(store).layer(), ...taken };
  }

  /**
   * The options that a cache takes from its second layer: its lifetime and its bound, where it has them, and the check
   * of its keys.
   * @param {Foreign} store
   * @param {Foreign} options of the cache
   * @returns {{ options: any, entryText: any }}
   */
  static layerOptionsOf(store, options) {
    if (!isRedisStore(store)) return { options, entryText: undefined };
    const { levels, ttlMs: lifetime } = store[BACKEND].options ?? {};
    const ttlMs = firstGiven(levels?.L2?.ttlMs, lifetime, options.levels?.L2?.ttlMs);
    const maxEntries = firstGiven(levels?.L2?.maxEntries, options.levels?.L2?.maxEntries);
    const merged = { ...options, levels: { ...options.levels, L2: { ttlMs, maxEntries } } };
    return { options: merged, entryText: backendIn(store).entryText };
  }

  /**
   * The prefix of the keys of such a store; empty for any other object.
   * @param {Foreign} store
   * @returns {string}
   */
  static prefixOf(store) {
    return isRedisStore(store) ? (store[BACKEND].options?.prefix ?? STORE.prefix) : '';
  }

  /**
   * A function that reads one entry of such a store as `inspect` shows it, whatever its key; undefined for any other
   * object.
   * @param {Foreign} store
   * @returns {((key: string, options: object) => Promise<any>) | undefined}
   */
  static lookOf(store) {
    return isRedisStore(store) ? (key, options) => backendIn(store).look(key, options) : undefined;
  }

  /**
   * Whether an object is such a store, whose entries other processes read and write.
   * @param {Foreign} store
   */
  static isRedisStore(store) {
    return typeof store === 'object' && store !== null && store[BACKEND] !== undefined;
  }
}

/** @param {Foreign} store */
const backendIn = (store) => store[BACKEND].backend;

/**
 * How the store reaches Redis. Loaded when the first one is made: most processes have none, or none of one kind.
 * @param {unknown} redis
 * @param {Given} options
 */
function backendOf(redis, options) {
  const { readStoreOptions } = require('./options.js');
  const { readAddress } = require('./address.js');
  const settings = readStoreOptions(options);
  const { NativeStoreBackend } = require('./native-backend.js');
  const target = readAddress(redis);
  if (settings.tracking && target.address === undefined) {
    const allowed = 'false over a client that the addon drives, whose answers are all that it sees: pass its options';
    throw optionRange('tracking', allowed, true);
  }
  return new NativeStoreBackend(redis, target, settings, options);
}

/** @param {unknown} token */
function checkToken(token) {
  if (typeof token !== 'string') throw argument('token', 'a string', token);
}

/**
 * The first value that is given.
 * @param {any[]} values
 */
function firstGiven(...values) {
  return values.find((value) => value !== undefined && value !== null);
}

const METHODS = ['get', 'set', 'has', 'delete', 'deleteByPattern', 'size', 'acquireLock', 'releaseLock'];
const { layerOf, isRedisStore, lookOf, layerOptionsOf, prefixOf } = RedisStore;
// Users see only the contract of the class.
Reflect.deleteProperty(RedisStore, 'layerOf');
Reflect.deleteProperty(RedisStore, 'isRedisStore');
Reflect.deleteProperty(RedisStore, 'lookOf');
Reflect.deleteProperty(RedisStore, 'layerOptionsOf');
Reflect.deleteProperty(RedisStore, 'prefixOf');
/** @type {Record<string, unknown>} */
const ORIGINAL = Object.fromEntries(
  METHODS.map((method) => [method, /** @type {Foreign} */ (RedisStore.prototype)[method]]),
);

module.exports = { RedisStore, layerOf, layerOptionsOf, lookOf, prefixOf, isRedisStore };
