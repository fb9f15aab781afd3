import { Cacheable, createKeyv } from 'cacheable';

const TTL_MS = 3_600_000;

const variant =
  (useClone) =>
  ({ capacity, ttlMs = TTL_MS }) => {
    const cache = new Cacheable({ ttl: ttlMs, primary: createKeyv({ ttl: ttlMs, lruSize: capacity, useClone }) });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key, load) => cache.getOrSet(key, load),
      getMany: (keys) => cache.getMany(keys),
      close: () => cache.disconnect(),
    };
  };

export const variants = { cacheable: variant(true), 'cacheable-no-clone': variant(false) };
