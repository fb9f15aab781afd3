import { Loader } from 'layered-loader/core';

const TTL_MS = 3_600_000;

/**
 * A Loader has its data source for life and reads through it on every miss, so a plain `get` and `getOrSet` are the
 * same call here: with a hit they do the same work. `forceSetValue` is its write.
 */
const variant =
  (cacheType) =>
  ({ capacity, load, loadMany, ttlMs = TTL_MS }) => {
    const reads = new Loader({ inMemoryCache: { cacheType, maxItems: capacity, ttlInMsecs: ttlMs } });
    const loads = new Loader({
      inMemoryCache: { cacheType, maxItems: capacity, ttlInMsecs: ttlMs },
      dataSourceGetOneFn: load,
      dataSourceGetManyFn: loadMany,
      cacheKeyFromValueResolver: ({ key }) => key,
    });
    return {
      get: (key) => reads.get(key),
      set: (key, value) => reads.forceSetValue(key, value),
      getOrSet: (key) => loads.get(key),
      getMany: (keys) => reads.getMany(keys),
      loadMany: (keys) => loads.getMany(keys),
      close: () => Promise.all([reads.close(), loads.close()]),
    };
  };

export const variants = { 'layered-loader': variant(undefined), 'layered-loader-map': variant('lru-map') };
