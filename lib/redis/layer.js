'use strict';
// A store in Redis as the second layer of a cache.

const { STORE } = require('../contract/described.js');
const { isOriginal, partsOf } = require('./redis-store.js');

/**
 * The parts of a cache that has this store as its second layer. Undefined for any other object, and for a store with
 * overridden methods: that is driven through its methods.
 * @param {Foreign} store
 * @param {Foreign} options of the cache
 * @returns {{ flags: number, redis: number | undefined, l2: any, options: any, entryText: any } | undefined}
 */
function layerOf(store, options) {
  const parts = partsOf(store);
  if (parts === undefined || !isOriginal(store)) return undefined;
  return { ...parts.backend.layer(), ...layerOptionsOf(store, options) };
}

/**
 * The options that a cache takes from its second layer: its lifetime and its bound, where it has them, and the check
 * of its keys.
 * @param {Foreign} store
 * @param {Foreign} options of the cache
 * @returns {{ options: any, entryText: any }}
 */
function layerOptionsOf(store, options) {
  const parts = partsOf(store);
  if (parts === undefined) return { options, entryText: undefined };
  const { levels, ttlMs: lifetime } = parts.options ?? {};
  const ttlMs = firstGiven(levels?.L2?.ttlMs, lifetime, options.levels?.L2?.ttlMs);
  const maxEntries = firstGiven(levels?.L2?.maxEntries, options.levels?.L2?.maxEntries);
  const merged = { ...options, levels: { ...options.levels, L2: { ttlMs, maxEntries } } };
  return { options: merged, entryText: parts.backend.entryText };
}

/**
 * The first value that is given.
 * @param {any[]} values
 */
function firstGiven(...values) {
  return values.find((value) => value !== undefined && value !== null);
}

/**
 * The prefix of the keys of such a store; empty for any other object.
 * @param {Foreign} store
 * @returns {string}
 */
function prefixOf(store) {
  const parts = partsOf(store);
  return parts === undefined ? '' : (parts.options?.prefix ?? STORE.prefix);
}

/**
 * A function that reads one entry of such a store as `inspect` shows it, whatever its key; undefined for any other
 * object.
 * @param {Foreign} store
 * @returns {((key: string, options: object) => Promise<any>) | undefined}
 */
function lookOf(store) {
  const parts = partsOf(store);
  return parts && ((key, options) => parts.backend.look(key, options));
}

/**
 * Whether an object is such a store, whose entries other processes read and write.
 * @param {Foreign} store
 */
const isRedisStore = (store) => partsOf(store) !== undefined;

module.exports = { isRedisStore, layerOf, layerOptionsOf, lookOf, prefixOf };
