import { createCache } from 'cache-manager';
import { createKeyv } from 'cacheable';

const TTL_MS = 3_600_000;

/** Its own default store has no bound; its README recommends this one for memory. */
function create({ capacity, ttlMs = TTL_MS }) {
  const cache = createCache({ ttl: ttlMs, stores: [createKeyv({ ttl: ttlMs, lruSize: capacity })] });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    getOrSet: (key, load) => cache.wrap(key, load),
    close: () => cache.disconnect(),
  };
}

export const variants = { 'cache-manager': create };
