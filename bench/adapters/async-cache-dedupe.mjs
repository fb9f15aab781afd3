import { createCache } from 'async-cache-dedupe';

const TTL_MS = 3_600_000;

/** Reads through a function defined on the cache; `get` and `set` work on the same storage under keys of their own. */
function create({ capacity, load, ttlMs = TTL_MS }) {
  // Whole seconds.
  const ttl = ttlMs / 1000;
  const cache = createCache({ ttl, storage: { type: 'memory', options: { size: capacity } } });
  cache.define('load', load ?? (async () => undefined));
  return {
    get: (key) => cache.get('load', key),
    set: (key, value) => cache.set('load', key, value, ttl),
    getOrSet: (key) => cache.load(key),
  };
}

export const variants = { 'async-cache-dedupe': create };
