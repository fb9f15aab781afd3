import { LazyLayersCache } from '../../index.mjs';

const TTL_MS = 3_600_000;

const variant =
  (policy, observability) =>
  ({ capacity, ttlMs = TTL_MS, absentMs }) => {
    const cache = new LazyLayersCache({
      ttlMs,
      levels: { L1: { maxEntries: capacity, policy } },
      negativeCache: { ttlMs: absentMs },
      observability,
    });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      has: (key) => cache.has(key),
      getOrSet: (key, load) => cache.getOrSet(key, load),
      deleteByPattern: (pattern) => cache.deleteByPattern(pattern),
      size: () => cache.size(),
      knowsAbsence: () => absentMs !== undefined,
      close: () => cache.close(),
    };
  };

export const variants = {
  ours: variant('lru'),
  'ours-tinylfu': variant('tinylfu'),
  'ours-dashboard': variant('lru', { enabled: true, quiet: true, server: false }),
};
