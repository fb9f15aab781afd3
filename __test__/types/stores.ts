// Compiled, never run: stores and buses of users' own.

import {
  type CacheLoader,
  type CacheStore,
  defineStore,
  type DistributedLock,
  type EventBus,
  type InspectableStore,
  type InvalidationEvent,
  isInspectableStore,
  type LayerStore,
  LazyLayersCache,
  MemoryStore,
  type StoreDefinition,
  type StoreInspection,
} from 'lazy-layers-cache';
import type { DeleteEvent, PatternEvent, SetEvent } from 'lazy-layers-cache/event-bus';
import type { CacheEntry, InflightEntry, InflightStore } from 'lazy-layers-cache/types';
import { type ContractCase, storeContract } from 'lazy-layers-cache/testing';
import { same } from './support/assertions.js';

interface User {
  id: string;
  name: string;
}

/** All that a cache calls, answering at once. */
class SyncLayer implements LayerStore<string, User> {
  readonly #entries = new Map<string, CacheEntry<User>>();

  get(key: string) {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: User, { ttlMs = Infinity } = {}) {
    this.#entries.set(key, { value, expiresAt: Date.now() + ttlMs });
  }

  has(key: string) {
    return this.#entries.has(key);
  }

  delete(key: string) {
    return this.#entries.delete(key);
  }

  deleteByPattern(_pattern: string) {
    this.#entries.clear();
  }

  size() {
    return this.#entries.size;
  }
}

/** A whole store, with locks. */
class LockingStore implements CacheStore<string, User>, DistributedLock {
  readonly #values = new Map<string, User>();
  readonly #loads: InflightStore<string, User | undefined> = new Map();

  async get(key: string) {
    return this.#values.get(key);
  }

  async set(key: string, value: User) {
    this.#values.set(key, value);
  }

  async getOrSet(key: string, loader: CacheLoader<User>) {
    const load: InflightEntry<string, User | undefined> = { promise: loader(), startedAt: Date.now() };
    this.#loads.set(key, load);
    return load.promise;
  }

  async has(key: string) {
    return this.#values.has(key);
  }

  async delete(key: string) {
    return this.#values.delete(key);
  }

  async deleteByPattern(_pattern: string) {
    this.#values.clear();
  }

  async clear() {
    this.#values.clear();
  }

  async size() {
    return this.#values.size;
  }

  async acquireLock(_key: string, _token: string, ttlMs: number) {
    return ttlMs > 0;
  }

  async releaseLock(_key: string, _token: string) {}
}

export function layers() {
  const inferred = new LazyLayersCache({ l2: new LockingStore() });
  same<typeof inferred, LazyLayersCache<string, User>>();
  const users = new LazyLayersCache<string, User>({ l1: new MemoryStore(), l2: new SyncLayer() });
  const store: CacheStore<string, User> = users;
  const memory: CacheStore<string, User> & InspectableStore<User> = new MemoryStore<string, User>();
  new LazyLayersCache<string, User>({ l1: false, l2: store });
  // @ts-expect-error a store of other values
  new LazyLayersCache<string, number>({ l2: new LockingStore() });
  // @ts-expect-error a Map lacks methods
  new LazyLayersCache<string, User>({ l2: new Map<string, User>() });
  return memory;
}

/** A store gets keys as strings, whatever those of the cache are, and all options of a call. */
export function keysOfStores() {
  const byNumber = new LazyLayersCache<number, User>({ l1: new SyncLayer(), l2: new LockingStore() });
  new LazyLayersCache<bigint, User>({ l2: new MemoryStore<bigint, User>() });
  // @ts-expect-error a store of other values
  new LazyLayersCache<number, string>({ l2: new SyncLayer() });
  const tagged: Pick<LayerStore<string, User>, 'set'> = {
    set(_key, _value, options) {
      same<NonNullable<typeof options>['tags'], readonly string[] | undefined>();
    },
  };
  return [byNumber, tagged];
}

export class Counting<V> extends MemoryStore<string, V> {
  reads = 0;

  override async get(key: string): Promise<V | undefined> {
    this.reads += 1;
    return super.get(key);
  }
}

export class Numbers extends MemoryStore<string, number> {
  override async get(key: string): Promise<number> {
    return (await super.get(key)) ?? 0;
  }

  override async getOrSet(key: string, loader: CacheLoader<number>): Promise<number> {
    return (await super.getOrSet(key, loader)) ?? 0;
  }
}

export class Wrong extends MemoryStore<string, number> {
  // @ts-expect-error the values of this store are numbers
  override async get(key: string): Promise<string> {
    return key;
  }
}

export async function inspection(store: unknown) {
  const memory = new MemoryStore<string, User>({ ttlMs: 1_000, levels: { L1: { maxEntries: 2_000, policy: 'lru' } } });
  const page = await memory.inspect({ limit: 10, match: 'user:*', values: true });
  same<typeof page, StoreInspection<User>>();
  same<(typeof page)['cursor'], string | undefined>();
  for (const { key, value, ttlRemainingMs } of page.keys) {
    same<typeof key, string>();
    same<typeof value, User | undefined>();
    same<typeof ttlRemainingMs, number>();
  }
  if (!isInspectableStore(store)) return undefined;
  const { size } = await store.inspect();
  // @ts-expect-error a cursor is text
  await memory.inspect({ cursor: 1 });
  return size;
}

export class Bus implements EventBus {
  async publish(event: InvalidationEvent): Promise<void> {
    switch (event.type) {
      case 'del':
        same<typeof event, DeleteEvent>();
        break;
      case 'pattern':
        same<typeof event, PatternEvent>();
        break;
      default:
        same<typeof event, SetEvent>();
    }
  }

  async subscribe(handler: (event: InvalidationEvent) => void | Promise<void>): Promise<void> {
    await handler({ id: '1', type: 'del', source: 'peer', ts: Date.now(), keys: ['user:1', '7'], generation: 1 });
    await handler({ id: '2', type: 'pattern', source: 'peer', ts: Date.now(), pattern: 'user:*' });
    await handler({ id: '3', type: 'set', source: 'peer', ts: Date.now(), keys: ['k'], value: null, ttlMs: 5 });
    // @ts-expect-error a `set` has keys
    await handler({ id: '4', type: 'set', source: 'peer', ts: Date.now(), value: null });
    // @ts-expect-error no such type
    await handler({ id: '5', type: 'expire', source: 'peer', ts: Date.now(), keys: [] });
  }

  async healthCheck() {
    return { ok: true, transport: 'memory' };
  }
}

new LazyLayersCache({ eventBus: new Bus() });
// @ts-expect-error a bus subscribes too
new LazyLayersCache({ eventBus: { publish: async () => {} } });

/** By few methods, and with locks. */
const users = new Map<string, User>();
const few: StoreDefinition<User> = {
  get: (key) => users.get(key),
  set: (key, value, { ttlMs }) => users.set(key, ttlMs === 0 ? value : { ...value }),
  delete: (key) => users.delete(key),
  async *keys(prefix) {
    for (const key of users.keys()) if (key.startsWith(prefix)) yield key;
  },
};
const defined = new LazyLayersCache<string, User>({ l2: defineStore(few) });
const several = defineStore<User>({ ...few, getMany: (keys) => keys.map(() => undefined), deleteMany() {} });
several.getMany?.(['a']);
several.deleteMany?.(['a']);
const locking = defineStore<User>({ ...few, acquireLock: async () => true, releaseLock() {} });
const cases: ContractCase[] = storeContract(() => locking);
// @ts-expect-error `get` is missing
defineStore({ set() {}, delete() {}, keys: () => [] });
void [defined, cases];
const lockable = defineStore({ ...few, acquireLock: async () => true, releaseLock() {} });
export const locked: [Promise<boolean>, void] = [
  lockable.acquireLock('k', 'token', 1_000),
  lockable.releaseLock('k', 'token'),
];
