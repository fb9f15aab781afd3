import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LazyLayersCache } from '../../index.mjs';

const TTL_MS = 3_600_000;
/** The work of a tab that shows the events of a cache, outside the thread that is measured. */
const TAB = new URL('../harness/tab.mjs', import.meta.url);

/** The cache of a variant with a tab open on its dashboard. */
const watched = (make) => async (wanted) => {
  const { cache, ...adapter } = make(wanted);
  const tab = new Worker(TAB, { workerData: cache.getObservabilityServer().url });
  // It has read the beginning of the stream.
  await once(tab, 'message');
  return { ...adapter, close: async () => Promise.all([tab.terminate(), cache.close()]) };
};

const variant =
  (policy, observability) =>
  ({ capacity, ttlMs = TTL_MS, absentMs, refreshAhead }) => {
    const cache = new LazyLayersCache({
      ttlMs,
      levels: { L1: { maxEntries: capacity, policy } },
      negativeCache: { ttlMs: absentMs },
      refreshAhead,
      observability,
    });
    return {
      cache,
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      setTagged: (key, value, tags) => cache.set(key, value, { tags }),
      deleteByTag: (tag) => cache.deleteByTag(tag),
      has: (key) => cache.has(key),
      getOrSet: (key, load) => cache.getOrSet(key, load),
      wrap: (load, key) => cache.wrap(load, { key }),
      getMany: (keys) => cache.getMany(keys),
      loadMany: (keys, load) => cache.getMany(keys, load),
      deleteByPattern: (pattern) => cache.deleteByPattern(pattern),
      size: () => cache.size(),
      knowsAbsence: () => absentMs !== undefined,
      close: () => cache.close(),
    };
  };

export const variants = {
  ours: variant('lru'),
  'ours-tinylfu': variant('tinylfu'),
  'ours-s3fifo': variant('s3fifo'),
  'ours-dashboard': variant('lru', { enabled: true, quiet: true, server: false }),
  'ours-tab': watched(variant('lru', { enabled: true, quiet: true, server: { port: 0 } })),
};
