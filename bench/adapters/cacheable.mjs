import { Cacheable, createKeyv } from 'cacheable';

const TTL_MS = 3_600_000;

const variant =
  (useClone) =>
  ({ capacity, ttlMs = TTL_MS, hasTags = false }) => {
    const primary = createKeyv({ ttl: ttlMs, lruSize: capacity, useClone });
    const cache = new Cacheable({ ttl: ttlMs, primary, tags: hasTags });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      setTagged: (key, value, tags) => cache.set(key, value, { ttl: ttlMs, tags }),
      deleteByTag: (tag) => cache.tags.invalidateTag(tag),
      getOrSet: (key, load) => cache.getOrSet(key, load),
      getMany: (keys) => cache.getMany(keys),
      close: () => cache.disconnect(),
    };
  };

export const variants = { cacheable: variant(true), 'cacheable-no-clone': variant(false) };
