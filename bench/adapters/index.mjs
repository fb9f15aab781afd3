/**
 * The adapters. A file of this folder drives one package; each of its variants is a function `({ capacity, load,
 * loadMany, ttlMs, absentMs }) => cache` with `get(key)`, `set(key, value)`, `has(key)`, `getOrSet(key, load)` and
 * perhaps `close()`; with `knowsAbsence()` when it remembers for `absentMs` that a loader found nothing.
 * `getMany(keys)` resolves to the values of several keys, `loadMany(keys, loadMany)` loads those that are missing by
 * one call: both to a `Map` or an array. An operation the package does not have is left out. Entries live `ttlMs`, an
 * hour when not given; `capacity` is in entries, and `load` and `loadMany` are the loaders of the run, given early for
 * packages that bind them when the cache is made.
 *
 * This list imports no package, so that the runner can say which ones are missing.
 * `only`: the scenarios it takes part in, all when not given.
 * `traits.rejectsNewcomers`: a full cache may turn a new key away instead of evicting an older one.
 */
export const OURS = { memory: 'ours', redis: 'ours-redis' };
export const FLOOR = { memory: 'lru-cache', redis: 'ioredis-msgpackr' };

/** The layer of an adapter or a scenario: memory, unless it says otherwise. */
export const layerOf = ({ layer = 'memory' }) => layer;

export const adapters = [
  { name: OURS.memory, file: 'ours.mjs', packages: [], about: 'lazy-layers-cache, L1 only, exact LRU' },
  {
    name: 'ours-tinylfu',
    file: 'ours.mjs',
    packages: [],
    traits: { rejectsNewcomers: true },
    about: 'the same with levels.L1.policy "tinylfu"',
  },
  { name: 'ours-s3fifo', file: 'ours.mjs', packages: [], about: 'the same with levels.L1.policy "s3fifo"' },
  {
    name: 'ours-dashboard',
    file: 'ours.mjs',
    packages: [],
    only: ['l1-hit', 'getorset-hit', 'set-overwrite', 'cold-getorset', 'watched-hits'],
    about: 'the first with a dashboard that nobody looks at',
  },
  {
    name: 'ours-tab',
    file: 'ours.mjs',
    packages: [],
    only: ['l1-hit', 'set-overwrite', 'watched-hits'],
    about: 'the first with a dashboard, and a tab open that shows the events',
  },
  {
    name: FLOOR.memory,
    file: 'lru-cache.mjs',
    packages: ['lru-cache'],
    about: 'the floor: async functions over lru-cache with TTL, a Map of running loads, nothing else',
  },
  {
    name: 'lru-cache-two-hops',
    file: 'lru-cache.mjs',
    packages: ['lru-cache'],
    about: 'the way of 0.4.0: asynchronous functions over asynchronous functions over lru-cache',
  },
  {
    name: 'layered-loader',
    file: 'layered-loader.mjs',
    packages: ['layered-loader'],
    about: 'its default store (lru-object)',
  },
  {
    name: 'layered-loader-map',
    file: 'layered-loader.mjs',
    packages: ['layered-loader'],
    about: 'with cacheType "lru-map"',
  },
  {
    name: 'async-cache-dedupe',
    file: 'async-cache-dedupe.mjs',
    packages: ['async-cache-dedupe'],
    about: 'memory storage',
  },
  {
    name: 'bentocache',
    file: 'bentocache.mjs',
    packages: ['bentocache'],
    about: 'L1 only, its default: values kept as JSON',
  },
  {
    name: 'bentocache-no-serialize',
    file: 'bentocache.mjs',
    packages: ['bentocache'],
    about: 'L1 only with serialize: false, values kept by reference',
  },
  { name: 'cacheable', file: 'cacheable.mjs', packages: ['cacheable'], about: 'its default: values cloned' },
  {
    name: 'cacheable-no-clone',
    file: 'cacheable.mjs',
    packages: ['cacheable'],
    about: 'with useClone: false, values kept by reference',
  },
  {
    name: 'cache-manager',
    file: 'cache-manager.mjs',
    packages: ['cache-manager', 'cacheable'],
    about: 'over the bounded store its README names, createKeyv of cacheable',
  },
  {
    name: 'keyv',
    file: 'keyv.mjs',
    packages: ['keyv', 'cacheable'],
    about: 'over the bounded store of cacheable: its own is a Map without a bound',
  },
  {
    name: OURS.redis,
    layer: 'redis',
    file: 'ours-redis.mjs',
    packages: [],
    about: 'lazy-layers-cache over Redis, no L1',
  },
  {
    name: 'ours-redis-lock',
    layer: 'redis',
    file: 'ours-redis.mjs',
    packages: [],
    only: ['redis-herd', 'redis-paused'],
    about: 'the same with distributedLock.enabled',
  },
  {
    name: 'ours-redis-l1',
    layer: 'redis',
    file: 'ours-redis.mjs',
    packages: [],
    only: ['redis-tag-delete'],
    about: 'the same with an L1, which tags need',
  },
  {
    name: 'ours-redis-tracking',
    layer: 'redis',
    file: 'ours-redis.mjs',
    packages: [],
    only: ['redis-tracked-age', 'redis-tracked-hits'],
    about: 'the same with an L1 and tracking',
  },
  {
    name: FLOOR.redis,
    layer: 'redis',
    file: 'redis-msgpackr.mjs',
    packages: ['ioredis', 'msgpackr'],
    about: 'the floor: ioredis with msgpackr and zlib, as 0.4.0 drives it',
  },
  {
    name: 'ioredis-autopipelining',
    layer: 'redis',
    file: 'redis-msgpackr.mjs',
    packages: ['ioredis', 'msgpackr'],
    about: 'the same with enableAutoPipelining',
  },
  {
    name: 'node-redis-msgpackr',
    layer: 'redis',
    file: 'node-redis.mjs',
    packages: ['@redis/client', 'msgpackr'],
    about: 'the client of node-redis, which pipelines by itself, with msgpackr and zlib',
  },
  {
    name: 'node-redis-cached',
    layer: 'redis',
    file: 'node-redis.mjs',
    packages: ['@redis/client', 'msgpackr'],
    only: ['redis-tracked-age', 'redis-tracked-hits'],
    about: 'the same with its clientSideCache',
  },
  {
    name: 'bentocache-redis',
    layer: 'redis',
    file: 'bentocache-redis.mjs',
    packages: ['bentocache', 'ioredis'],
    about: 'its Redis driver, no L1',
  },
  {
    name: 'cacheable-redis',
    layer: 'redis',
    file: 'cacheable-redis.mjs',
    packages: ['cacheable', 'keyv', '@keyv/redis'],
    about: 'a secondary of @keyv/redis under a primary that keeps nothing',
  },
];
