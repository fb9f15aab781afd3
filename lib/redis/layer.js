'use strict';
// A store in Redis as the second layer of a cache.

const { backendOf, isOriginal } = require('./redis-store.js');

/**
 * The parts of a cache that has this store as its second layer. Undefined for any other object, and for a store with
 * overridden methods: that is driven through its methods.
 * @param {Foreign} store
 * @returns {{ flags: number, redis: number | undefined, l2: any, entries: Entries, entryText: any } | undefined}
 */
function layerOf(store) {
  const backend = backendOf(store);
  if (backend === undefined || !isOriginal(store)) return undefined;
  return { ...backend.layer(), ...settingsOf(store) };
}

/**
 * What a cache takes from its second layer: its lifetime and its bound, NaN where it has none of its own, and the check
 * of its keys.
 * @typedef {{ ttlMs: number, maxEntries: number } | undefined} Entries
 * @param {Foreign} store
 * @returns {{ entries: Entries, entryText: any }}
 */
function settingsOf(store) {
  const backend = backendOf(store);
  return { entries: backend?.entries, entryText: backend?.entryText };
}

/**
 * The prefix of the keys of such a store; empty for any other object.
 * @param {Foreign} store
 * @returns {string}
 */
function prefixOf(store) {
  return backendOf(store)?.prefix ?? '';
}

/**
 * A function that reads one entry of such a store as `inspect` shows it, whatever its key; undefined for any other
 * object.
 * @param {Foreign} store
 * @returns {((key: string, options: object) => Promise<any>) | undefined}
 */
function lookOf(store) {
  const backend = backendOf(store);
  return backend && ((key, options) => backend.look(key, options));
}

/**
 * Whether an object is such a store, whose entries other processes read and write.
 * @param {Foreign} store
 */
const isRedisStore = (store) => backendOf(store) !== undefined;

module.exports = { isRedisStore, layerOf, lookOf, prefixOf, settingsOf };
