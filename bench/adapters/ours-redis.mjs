import Redis from 'ioredis';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { seal } from '../harness/payloads.mjs';

const TTL_MS = 3_600_000;

const variant =
  (options) =>
  ({ redisPort }) => {
    const l2 = new RedisStore(`redis://127.0.0.1:${redisPort}`, { prefix: 'ours:' });
    const cache = new LazyLayersCache({ l2, ttlMs: TTL_MS, ...options });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      ...(options.l1 !== false && {
        setTagged: (key, value, tags) => cache.set(key, value, { tags }),
        deleteByTag: (tag) => cache.deleteByTag(tag),
      }),
      getOrSet: (key, load) => cache.getOrSet(key, load),
      getMany: (keys) => cache.getMany(keys),
      delete: (key) => cache.delete(key),
      close: () => cache.close(),
    };
  };

/** With a first layer, which Redis tells of changes by others. */
function tracked({ redisPort, capacity }) {
  const redis = new Redis({ port: redisPort });
  const l2 = new RedisStore(`redis://127.0.0.1:${redisPort}`, { prefix: 'tracked:', tracking: true });
  const cache = new LazyLayersCache({ l2, ttlMs: TTL_MS, levels: { L1: { maxEntries: capacity } } });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    writeElsewhere: (key, value) => redis.set(`tracked:${key}`, seal(value), 'PX', TTL_MS),
    close: async () => {
      redis.disconnect();
      await cache.close();
    },
  };
}

export const variants = {
  'ours-redis-tracking': tracked,
  'ours-redis': variant({ l1: false }),
  'ours-redis-lock': variant({ l1: false, distributedLock: { enabled: true } }),
  'ours-redis-l1': variant({ levels: { L1: { maxEntries: 100_000 } } }),
};
