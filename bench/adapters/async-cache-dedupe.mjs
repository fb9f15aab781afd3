import { createCache } from 'async-cache-dedupe';

const TTL_SECONDS = 3600;

/** Reads through a function defined on the cache; `get` and `set` work on the same storage under keys of their own. */
function create({ capacity, load }) {
  const cache = createCache({ ttl: TTL_SECONDS, storage: { type: 'memory', options: { size: capacity } } });
  cache.define('load', load ?? (async () => undefined));
  return {
    get: (key) => cache.get('load', key),
    set: (key, value) => cache.set('load', key, value, TTL_SECONDS),
    getOrSet: (key) => cache.load(key),
  };
}

export const variants = { 'async-cache-dedupe': create };
