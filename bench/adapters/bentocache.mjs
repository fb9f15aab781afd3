import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';

const TTL_MS = 3_600_000;

const variant =
  (serialize) =>
  ({ capacity, ttlMs = TTL_MS }) => {
    const cache = new BentoCache({
      default: 'memory',
      ttl: ttlMs,
      stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: capacity, serialize })) },
    });
    return {
      get: (key) => cache.get({ key }),
      set: (key, value) => cache.set({ key, value }),
      setTagged: (key, value, tags) => cache.set({ key, value, tags }),
      deleteByTag: (tag) => cache.deleteByTag({ tags: [tag] }),
      getOrSet: (key, load) => cache.getOrSet({ key, factory: load }),
      close: () => cache.disconnect(),
    };
  };

export const variants = { bentocache: variant(true), 'bentocache-no-serialize': variant(false) };
