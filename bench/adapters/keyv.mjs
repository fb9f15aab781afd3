import { KeyvCacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';

const TTL_MS = 3_600_000;

function create({ capacity, ttlMs = TTL_MS }) {
  const cache = new Keyv({ store: new KeyvCacheableMemory({ lruSize: capacity }), ttl: ttlMs });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    has: (key) => cache.has(key),
    close: () => cache.disconnect(),
  };
}

export const variants = { keyv: create };
