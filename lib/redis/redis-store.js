'use strict';
// A store in Redis. How it reaches Redis is loaded with the first one: see backend.js.

const { argument } = require('../errors.js');
const { hide } = require('../hidden.js');
const { isNoKey } = require('../keys.js');
const { lazy } = require('../lazy.js');

const overriding = lazy(() => require('../overridden.js'));

/** How a store reaches Redis. */
const BACKEND = Symbol('backend');

// Keys and loaders are not checked here: the core checks them, in one place for all classes.
class RedisStore {
  /**
   * @param {unknown} redis
   * @param {Given} [options]
   */
  constructor(redis, options = {}) {
    const backend = require('./backend.js').backendOf(redis, options);
    backend.core.overridden = overriding().overriddenBy(this, RedisStore.prototype);
    hide(this, BACKEND, backend);
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
    return overriding().getOrSetBy(this, core, key, loader, options);
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
}

/** @param {Foreign} store */
const backendIn = (store) => store[BACKEND];

/** @param {unknown} token */
function checkToken(token) {
  if (typeof token !== 'string') throw argument('token', 'a string', token);
}

const METHODS = ['get', 'set', 'has', 'delete', 'deleteByPattern', 'size', 'acquireLock', 'releaseLock'];
/** @type {Record<string, unknown>} */
const ORIGINAL = Object.fromEntries(
  METHODS.map((method) => [method, /** @type {Foreign} */ (RedisStore.prototype)[method]]),
);

/**
 * The backend of such a store; undefined for any other object.
 * @param {Foreign} store
 * @returns {import('./native-backend.js').NativeStoreBackend | undefined}
 */
const backendOf = (store) => (typeof store === 'object' && store !== null ? store[BACKEND] : undefined);

/**
 * Whether a store has the methods of this package.
 * @param {Foreign} store
 */
const isOriginal = (store) => METHODS.every((method) => store[method] === ORIGINAL[method]);

module.exports = { RedisStore, backendOf, isOriginal };
