import { LazyLayersCache } from '../../index.mjs';

const TTL_MS = 3_600_000;

const variant =
  (policy) =>
  ({ capacity }) => {
    const cache = new LazyLayersCache({ ttlMs: TTL_MS, levels: { L1: { maxEntries: capacity, policy } } });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key, load) => cache.getOrSet(key, load),
      close: () => cache.close(),
    };
  };

export const variants = { ours: variant('lru'), 'ours-tinylfu': variant('tinylfu') };
