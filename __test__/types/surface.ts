// Compiled, never run: types as users of 0.4.0 wrote them.

import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import {
  type CacheEvent,
  type CacheLayer,
  type CacheLoader,
  type CacheOptions,
  type CacheStore,
  createCache,
  DEFAULT_CACHE_TTL_MS,
  DEFAULT_INFLIGHT_TTL_MS,
  DEFAULT_L1_MAX_ENTRIES,
  type DeleteEvent,
  deserialize,
  GZIP_MIN_BYTES,
  GZIP_SAVINGS_THRESHOLD,
  hasPrefix,
  HybridCache,
  type InvalidationEvent,
  type LoaderContext,
  MemoryStore,
  NULL_SENTINEL,
  RedisStore,
  stripPrefix,
} from 'lazy-layers-cache';
import { isInspectableStore, type InflightEntry, type InflightStore } from 'lazy-layers-cache/types';
import { same } from './support/assertions.js';

interface User {
  id: string;
}

declare const client: Redis;
declare const context: LoaderContext;
declare const given: unknown;

const users = new RedisStore<User>(client);
same<Awaited<ReturnType<typeof users.get>>, User | undefined>();
export const store: CacheStore<string, User> = users;
export const caches = [createCache<string, User>({ l2: users }), createCache<number, User>({ l2: users })];

export async function layers(useRedis: boolean) {
  const layer: CacheLayer<string, User> = useRedis ? users : false;
  if (layer) await layer.clear();
  return createCache<string, User>({ l1: layer, l2: layer });
}

export async function loaders(loader: CacheLoader<User>) {
  const answer: Promise<User | undefined> = loader(context);
  return answer.then((user) => user?.id);
}

export class Tracing extends HybridCache<string, User> {
  override async getOrSet(
    key: string,
    loader: () => Promise<User | undefined>,
    options?: CacheOptions,
  ): Promise<User | undefined> {
    return super.getOrSet(key, loader, options);
  }
}

export class Counting extends MemoryStore<string, User> {
  override getOrSet(key: string, loader: CacheLoader<User>, options?: CacheOptions): Promise<User | undefined> {
    return super.getOrSet(key, loader, options);
  }
}

export class Namespaced extends RedisStore<User> {
  override getOrSet(key: string, loader: () => Promise<User | undefined>): Promise<User | undefined> {
    return super.getOrSet(`ns:${key}`, loader);
  }
}

export class Reading implements Pick<HybridCache<string, User>, 'getOrSet'> {
  async getOrSet(_key: string, loader: () => Promise<User | undefined>): Promise<User | undefined> {
    return loader();
  }
}

const running: InflightEntry<string, User> = { promise: Promise.resolve({ id: '1' }), startedAt: Date.now() };
export const inflight: InflightStore<string, User> = new Map([['user:1', running]]);
export const inflightById: InflightStore<bigint, User> = new Map<bigint, InflightEntry<bigint, User>>([
  [1n, { ...running, key: 1n }],
]);
export const layerById: CacheLayer<bigint, User> = new MemoryStore<bigint, User>();

export const events: InvalidationEvent[] = [
  { type: 'del', source: 'me', ts: 0, keys: ['k'] },
  { type: 'pattern', source: 'me', ts: 0, pattern: '*', generation: 1 },
  { type: 'set', source: 'me', ts: 0, keys: ['k'], value: 1, ttlMs: 5 },
];
same<DeleteEvent['keys'], string[]>();

/** Its types, of which none may vanish. */
export const counts = {
  hit: 0,
  miss: 0,
  set: 0,
  delete: 0,
  'delete-pattern': 0,
  'loader:start': 0,
  'loader:success': 0,
  'loader:error': 0,
  'loader:timeout': 0,
  'inflight:reuse': 0,
  'inflight:bypass': 0,
  'load:overtaken': 0,
  'stale:hit': 0,
  refresh: 0,
  extend: 0,
  'negative:set': 0,
  'l2:error': 0,
  'l2:skipped': 0,
  'event-bus:publish-error': 0,
  'event-bus:publish-skipped': 0,
  'invalidation:received': 0,
  'invalidation:duplicate': 0,
  'invalidation:stale': 0,
  'set:received': 0,
  'extend:received': 0,
  'set:broadcast': 0,
  'set:broadcast-skipped': 0,
} satisfies Partial<Record<CacheEvent['type'], number>>;

export async function inspection(l1: unknown) {
  const memory = new MemoryStore<string, User>();
  await memory.inspect({ includeValues: false, maxValueBytes: 1024, limit: 10, match: '*', cursor: '' });
  return isInspectableStore(l1) ? l1.inspect({ includeValues: true }) : null;
}

export function serializer(bytes: Buffer) {
  const prefix = Buffer.from('HC1M');
  const user: User | null = deserialize<User>(given);
  return hasPrefix(bytes, prefix) ? stripPrefix(bytes, prefix) : user;
}

same<typeof NULL_SENTINEL, '__hybridcache_null__'>();
same<typeof GZIP_MIN_BYTES, 65_536>();
same<typeof GZIP_SAVINGS_THRESHOLD, 0.15>();
same<typeof DEFAULT_CACHE_TTL_MS, 3_600_000>();
same<typeof DEFAULT_L1_MAX_ENTRIES, 1000>();
same<typeof DEFAULT_INFLIGHT_TTL_MS, 5000>();

export async function dashboard() {
  const cache = createCache({ observability: { enabled: true, server: false } });
  const handler = cache.getObservabilityHandler();
  createServer((request, response) => {
    if (handler?.(request, response)) return;
    response.end();
  });
  const url: string | undefined = cache.getObservabilityServer()?.url;
  await cache.closeObservability();
  return [url, createCache({ observability: true })];
}

export function advice() {
  const { maxEntries, policy, reads, sizes } = createCache().advice({ stop: false });
  same<typeof policy, 'lru' | 's3fifo' | 'tinylfu'>();
  const best: number | undefined = sizes.find(({ s3fifo }) => s3fifo.hitRatio - s3fifo.error > 0.9)?.maxEntries;
  return [maxEntries, reads, best, sizes.map(({ lru }) => lru.hitRatio)];
}
