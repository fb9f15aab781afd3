// Compiled, never run: the promises of the types of caches, and code that they refuse.

import {
  type CacheKey,
  type CacheLoader,
  type CacheOptions,
  CircuitBreaker,
  type CircuitBreakerState,
  createCache,
  DEFAULT_CACHE_TTL_MS,
  DEFAULT_INFLIGHT_TTL_MS,
  DEFAULT_L1_MAX_ENTRIES,
  type EntryResult,
  HybridCache,
  type HybridCacheOptions,
  type HybridCacheResilienceOptions,
  LazyLayersCache,
  type LazyLayersCacheOptions,
  type LoaderFunction,
} from 'lazy-layers-cache';
import { same } from './support/assertions.js';

interface User {
  id: string;
  name: string;
}

declare function findUser(id: string, options?: { signal?: AbortSignal }): Promise<User | undefined>;
declare function loadUser(context: { signal: AbortSignal }): Promise<User>;
declare const anything: any;

export async function keysAndValues() {
  const plain = new LazyLayersCache();
  same<typeof plain, LazyLayersCache<string, unknown>>();
  same<Awaited<ReturnType<typeof plain.get>>, unknown>();
  await plain.set('user:1', { id: '1' });

  const options: LazyLayersCacheOptions<string, User> = { ttlMs: 60_000 };
  const users = new LazyLayersCache<string, User>(options);
  const user = await users.get('user:1');
  same<typeof user, User | undefined>();
  // @ts-expect-error a value of another shape
  await users.set('user:1', { id: 1 });
  // @ts-expect-error a number is not a key of this cache
  await users.get(1);
  // @ts-expect-error neither string nor number
  new LazyLayersCache<boolean, User>();

  const byNumber = createCache<number, User>();
  same<typeof byNumber, LazyLayersCache<number, User>>();
  await byNumber.get(1);
  await createCache<CacheKey>().set(1, 'one');
  await createCache<`user:${string}`, User>().get('user:1');
  same<CacheKey, string | number>();
}

export async function loaders() {
  const plain = new LazyLayersCache();
  const found = await plain.getOrSet('user:1', async ({ signal } = {}) => findUser('1', { signal }));
  same<typeof found, User | undefined>();
  const count = await plain.getOrSet('count', () => 1);
  same<typeof count, number>();

  const users = new LazyLayersCache<string, User>();
  const always = await users.getOrSet('user:1', loadUser);
  same<typeof always, User>();
  const perhaps = await users.getOrSet('user:1', ({ signal }) => findUser('1', { signal }), { ttlMs: 5 });
  same<typeof perhaps, User | undefined>();
  const absent = await users.getOrSet('user:1', () => undefined);
  same<typeof absent, User | undefined>();
  await users.getOrSet('user:1', async (context) => {
    context.signal.throwIfAborted();
    return { id: '1', name: 'Ada' };
  });
  // @ts-expect-error a value of another shape
  await users.getOrSet('user:1', async () => 1);
  // @ts-expect-error a loader is a function
  await users.getOrSet('user:1', Promise.resolve({ id: '1', name: 'Ada' }));
  // @ts-expect-error there is no such thing in the context
  await users.getOrSet('user:1', async ({ retries }: { retries: number }) => ({ id: String(retries), name: '' }));

  const letters = createCache<string, 'a' | 'b'>();
  same<Awaited<ReturnType<typeof letters.get>>, 'a' | 'b' | undefined>();
  const letter = await letters.getOrSet('k', () => 'a');
  same<typeof letter, 'a' | 'b'>();
  const nothing = await createCache<string, number | null>().getOrSet('k', () => null);
  same<typeof nothing, number | null>();
  // A value of `any` has the cache's type, and may be missing.
  const parsed = await users.getOrSet('user:1', () => anything);
  same<typeof parsed, User | undefined>();
  const entry = await users.getOrSetEntry('user:1', () => anything);
  same<typeof entry, EntryResult<User>>();
  const several = await users.getMany(['user:1'], () => anything);
  same<typeof several, Map<string, User>>();
  await users.getOrSet('user:1', ({ setOptions }) => {
    setOptions({ levels: { L1: undefined, L2: { ttlMs: undefined } } });
    return undefined;
  });
  const untyped: number = await createCache<string, any>().getOrSet('k', () => anything);
  return untyped;
}

/** A class of a user over a cache, for values of any type. */
export class Reader<T> {
  constructor(private readonly cache: LazyLayersCache<string, T>) {}

  one(key: string, load: () => Promise<T>): Promise<T> {
    return this.cache.getOrSet(key, load);
  }

  perhaps(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    return this.cache.getOrSet(key, load);
  }

  more<S extends T>(key: string, load: () => S): Promise<T> {
    return this.cache.namespace<T>('more').getOrSet(key, load);
  }

  wrapped(load: (id: string) => Promise<T>): (id: string) => Promise<T> {
    return this.cache.wrap(load, { key: (id) => id });
  }
}

export async function loadersByName() {
  const destructured: CacheLoader<User> = async ({ signal }) => findUser('1', { signal });
  const withDefault: CacheLoader<User> = async ({ signal } = {}) => findUser('1', { signal });
  const whole: CacheLoader<User> = (context) => findUser('1', context);
  const sync: LoaderFunction<number> = () => 1;
  const users = new LazyLayersCache<string, User>();
  for (const loader of [destructured, withDefault, whole, loadUser]) await users.getOrSet('user:1', loader);
  // Stores of users' own call loaders as they like.
  await destructured();
  await destructured({ signal: new AbortController().signal });
  const given = await sync({});
  same<typeof given, number>();
  // @ts-expect-error the value is of another type
  const wrong: CacheLoader<User> = async () => 1;
  return wrong;
}

export function everyOption(instance: string | undefined) {
  const perCall: CacheOptions = {
    ttlMs: 60_000,
    levels: {
      L1: { ttlMs: 10_000, maxEntries: 1_000, maxBytes: 1_000_000, policy: 'tinylfu' },
      L2: { ttlMs: Infinity, maxEntries: 100_000 },
    },
    inflight: { enabled: true, ttlMs: 5_000, maxEntries: 1_000 },
    negativeCache: { enabled: true, ttlMs: 5_000, maxEntries: 10_000 },
    failSafe: { enabled: true, staleTtlMs: 120_000 },
    timeouts: { softMs: 50, hardMs: 500 },
    distributedLock: { enabled: true, ttlMs: 10_000, waitTimeoutMs: 2_000, pollMs: 50 },
    versioning: { enabled: false },
  };
  const resilience: HybridCacheResilienceOptions = {
    l2CircuitBreaker: { enabled: true, failureThreshold: 3, cooldownMs: 30_000 },
    eventBusCircuitBreaker: { failureThreshold: 3 },
  };
  const options: HybridCacheOptions<string, User> = {
    ...perCall,
    l1: false,
    l2: false,
    eventBus: undefined,
    // Environment variables may be missing.
    source: instance,
    subscribeToEvents: true,
    broadcastSet: true,
    broadcastSetMaxBytes: 256 * 1024,
    events: [() => {}, async () => {}],
    eventDedupeMaxEntries: 10_000,
    eventDedupeTtlMs: 300_000,
    resilience,
    logging: { env: 'production', enabled: undefined },
  };
  return new HybridCache<string, User>(options);
}

export function refusedOptions() {
  // @ts-expect-error no such policy
  new LazyLayersCache({ levels: { L1: { policy: 'fifo' } } });
  // @ts-expect-error durations are numbers of milliseconds
  new LazyLayersCache({ ttlMs: '5m' });
  // @ts-expect-error no such layer
  new LazyLayersCache({ levels: { L3: { ttlMs: 1 } } });
  // @ts-expect-error events are functions
  new LazyLayersCache({ events: ['hit'] });
  // @ts-expect-error layers are on, off or a store
  new LazyLayersCache({ l2: true });
  // @ts-expect-error no such environment
  new LazyLayersCache({ logging: { env: 'staging' } });
}

export async function closing() {
  await using disposed = createCache();
  const cache: HybridCache = disposed;
  await cache.close();
  await cache.close({ timeoutMs: 1_000 });
  // @ts-expect-error milliseconds
  await cache.close({ timeoutMs: '1s' });
}

export class Prefixed extends LazyLayersCache<string, User> {
  override get(key: string) {
    return super.get(`app:${key}`);
  }

  override async getOrSet(key: string, loader: CacheLoader<User>, options?: CacheOptions): Promise<User> {
    return (await super.getOrSet(key, loader, options)) ?? { id: '', name: 'nobody' };
  }
}

export function breakers() {
  const breaker = new CircuitBreaker({ failureThreshold: 2, cooldownMs: 1_000 });
  const state: CircuitBreakerState = breaker.currentState;
  same<CircuitBreakerState, 'closed' | 'open' | 'half-open'>();
  same<ReturnType<typeof breaker.recordFailure>, CircuitBreakerState>();
  same<ReturnType<typeof breaker.recordSuccess>, CircuitBreakerState>();
  same<ReturnType<typeof breaker.canCall>, boolean>();
  // @ts-expect-error the state is read, not set
  breaker.currentState = 'open';
  return state;
}

export const defaults: number[] = [DEFAULT_CACHE_TTL_MS, DEFAULT_L1_MAX_ENTRIES, DEFAULT_INFLIGHT_TTL_MS];
