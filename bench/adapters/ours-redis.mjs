import { LazyLayersCache, RedisStore } from '../../index.mjs';

const TTL_MS = 3_600_000;

const variant =
  (options) =>
  ({ redisPort }) => {
    const l2 = new RedisStore(`redis://127.0.0.1:${redisPort}`, { prefix: 'ours:' });
    const cache = new LazyLayersCache({ l1: false, l2, ttlMs: TTL_MS, ...options });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      setTagged: (key, value, tags) => cache.set(key, value, { tags }),
      deleteByTag: (tag) => cache.deleteByTag(tag),
      getOrSet: (key, load) => cache.getOrSet(key, load),
      getMany: (keys) => cache.getMany(keys),
      delete: (key) => cache.delete(key),
      close: () => cache.close(),
    };
  };

export const variants = {
  'ours-redis': variant({}),
  'ours-redis-lock': variant({ distributedLock: { enabled: true } }),
  'ours-redis-l1': variant({ l1: undefined, levels: { L1: { maxEntries: 100_000 } } }),
};
