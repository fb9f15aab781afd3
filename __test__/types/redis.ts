// Compiled, never run: stores in Redis.

import { Cluster, Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import * as node6 from 'redis';
import * as node5 from 'redis-5';
import {
  type BufferInspection,
  type CacheEncoding,
  type CacheStore,
  deserialize,
  type DistributedLock,
  type InspectableStore,
  inspectBuffer,
  LazyLayersCache,
  RedisStore,
  type RedisStoreOptions,
  type SerializedCacheValue,
  serialize,
  serializeWithStats,
} from 'lazy-layers-cache';
import { same } from './support/assertions.js';

interface User {
  id: string;
}

const options: RedisStoreOptions = {
  prefix: 'app:',
  indexKey: 'app:all',
  useIndex: true,
  scanCount: 100,
  batchSize: 50,
  deleteStrategy: 'del',
  ttlMs: 1000,
  levels: { L2: { maxEntries: 10, ttlMs: 5000 } },
  commandTimeoutMs: 500,
  connectTimeoutMs: 500,
  limits: { maxDepth: 10, maxBytes: 1_000_000 },
};

export const stores = [
  new RedisStore(new Redis(), options),
  new RedisStore(new Redis5()),
  new RedisStore(new Cluster([{ host: 'a' }])),
  new RedisStore('redis://localhost'),
  new RedisStore(new URL('redis://localhost')),
  new RedisStore({
    host: 'localhost',
    port: 6379,
    db: 1,
    username: 'u',
    password: 'p',
    keyPrefix: 'k:',
    tls: { ca: 'PEM' },
  }),
  new RedisStore(node6.createClient()),
  new RedisStore(node5.createClient({ url: 'redis://localhost', socket: { connectTimeout: 5000 } })),
  new RedisStore(node6.createCluster({ rootNodes: [{ url: 'redis://localhost' }] })),
  new RedisStore(node5.createCluster({ rootNodes: [{ url: 'redis://localhost' }] })),
  new RedisStore(node6.createSentinel({ name: 'main', sentinelRootNodes: [{ host: 'a', port: 26379 }] })),
  new RedisStore(node6.createClientPool()),
  new RedisStore({ socket: { host: 'localhost', port: 6379, tls: true, ca: 'PEM' }, password: 'p', database: 1 }),
  new RedisStore({ rootNodes: [{ url: 'redis://localhost' }], defaults: { password: 'p', socket: { tls: true } } }),
  new RedisStore({ name: 'm', sentinelRootNodes: [{ host: 'a', port: 1 }], nodeClientOptions: { password: 'p' } }),
  new RedisStore({ path: '/run/redis.sock' }),
  new RedisStore({ host: 'a', username: 'u', password: () => 'token' }),
  new RedisStore({ host: 'a', password: async () => ({ username: 'u', password: 'token' }) }),
  new RedisStore({ nodes: [{ host: 'a' }, 'redis://b'], password: 'p', tls: true }),
  new RedisStore({ sentinels: [{ host: 'a', port: 26379 }], name: 'main', sentinelPassword: 'p' }),
];

const users = new RedisStore<User>('redis://localhost');
export const asStore: CacheStore<string, User> & DistributedLock & InspectableStore<User> = users;
same<Promise<User | undefined>, ReturnType<typeof users.get>>();

// A store that says nothing of its values serves every cache.
const anything = new RedisStore('redis://localhost');
export const caches = [
  new LazyLayersCache<string, User>({ l2: anything }),
  new LazyLayersCache<number, User>({ l2: anything }),
  new LazyLayersCache<string | number, User>({ l2: users }),
];
const inferred = new LazyLayersCache({ l2: anything });
same<Promise<unknown>, ReturnType<typeof inferred.get>>();

// @ts-expect-error only two commands delete
export const wrongStrategy: RedisStoreOptions = { deleteStrategy: 'flush' };
// @ts-expect-error a number is no server
export const wrongServer = new RedisStore(6379);

const stats: SerializedCacheValue = serializeWithStats({ a: 1 });
same<Buffer<ArrayBuffer>, typeof stats.buffer>();
same<Buffer<ArrayBuffer>, ReturnType<typeof serialize>>();
export const encoding: CacheEncoding = stats.encoding;
export const read: User | null = deserialize<User>(stats.buffer, { maxDepth: 5 });
export const looked: BufferInspection<User> = inspectBuffer<User>(stats.buffer);
