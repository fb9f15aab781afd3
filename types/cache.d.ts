/// <reference lib="esnext.disposable" />

import type { AdviceOptions, CacheAdvice } from './advice.js';
import type { EntryResult } from './entry.js';
import type { CacheEvent } from './events.js';
import type { ObservabilityHandler, ObservabilityServerHandle } from './dashboard.js';
import type { Loaded, LoadedUntyped, LoaderFunction, ManyLoaded, OfUntyped } from './loader.js';
import type { GetManyOptions, ManyEntries, ManyLoader, Wrapped, WrappedValue, WrapOptions } from './many.js';
import type { Namespace } from './namespace.js';
import type { CacheStats } from './stats.js';
import type {
  CacheKey,
  CallOptions,
  CircuitBreakerOptions,
  CircuitBreakerState,
  CloseOptions,
  HybridCacheOptions,
  LazyLayersCacheOptions,
} from './options.js';

export type * from './advice.js';
export { cached } from './cached.js';
export type * from './dashboard.js';
export * from './define-store.js';
export type * from './entry.js';
export type * from './events.js';
export type * from './inspect.js';
export { isInspectableStore } from './inspect.js';
export type * from './namespace.js';
export { processStats, type CacheStats, type NamespaceStats, type ProcessCacheStats } from './stats.js';
export type * from './loader.js';
export type * from './many.js';
export * from './memory-store.js';
export type * from './options.js';
export type * from './payloads.js';
export type * from './redis.js';
export * from './redis-store.js';
export * from './serializer.js';
export type * from './store.js';

/** Lifetime of an entry when none is given, in milliseconds: 3,600,000, an hour. */
export declare const DEFAULT_CACHE_TTL_MS: 3_600_000;
/** Entries that L1 holds when nothing else is said: 1000. */
export declare const DEFAULT_L1_MAX_ENTRIES: 1000;
/** How long a running load is joined when nothing else is said, in milliseconds: 5000. */
export declare const DEFAULT_INFLIGHT_TTL_MS: 5000;

/**
 * A cache of up to two layers, with loading, resilience and invalidation between instances.
 *
 * A key that is neither a string, a number nor a bigint rejects a call with a TypeError, code `INVALID_ARGUMENT`; under
 * `undefined` and `null` there is nothing, and nothing can be stored. Every call after `close()` rejects with an Error,
 * code `CACHE_CLOSED`. No failure of a layer or of the bus ever rejects a call.
 *
 * @typeParam K keys: `string`, `number`, `bigint`, or a part of them
 * @typeParam V values
 */
export declare class HybridCache<K extends CacheKey | bigint = string, V = unknown> implements AsyncDisposable {
  /** @throws TypeError or RangeError with code `INVALID_OPTION`, naming the option, its value and the allowed ones */
  constructor(options?: HybridCacheOptions<K, V>);

  /**
   * The value of a key, or `undefined`. A `null` is a value. A hit in L1 returns the object that was stored, not a
   * copy; a value found in L2 is put into L1.
   */
  get(key: K): Promise<V | undefined>;

  /**
   * Stores a value in the active layers. Other instances are not told. `undefined`, which the types refuse unless `V`
   * has it, is not stored: the key is absent here afterwards.
   */
  set(key: K, value: V, options?: CallOptions): Promise<void>;

  /** For a loader of `any`, which may find nothing: see below. */
  getOrSet<R extends V | undefined>(
    key: OfUntyped<K, R>,
    loader: LoaderFunction<R, V>,
    options?: CallOptions,
  ): Promise<LoadedUntyped<V, R>>;

  /**
   * The value of a key; on a miss, the result of the loader, which is stored and sent to other instances. Calls for a
   * key that is being loaded wait for that load. A value that was loaded while its key was deleted goes to the callers
   * that waited, and is not stored.
   *
   * Rejects with the error of the loader, or with an Error with code `LOADER_HARD_TIMEOUT` and the `reason`
   * `hard-timeout`, unless fail-safe answers. A loader that is no function rejects with a TypeError, code
   * `INVALID_ARGUMENT`. A call that a loader makes for its own key, and waits for, rejects with an Error with code
   * `LOADER_DEADLOCK`: at once before the loader's first `await`, later after five seconds; where `NODE_ENV` is neither
   * `development` nor `test`, only once a load of the key has hung.
   *
   * @param options override the cache's for this call
   */
  getOrSet<R extends V | undefined>(key: K, loader: LoaderFunction<R, V>, options?: CallOptions): Promise<Loaded<V, R>>;

  /**
   * The value that the memory layer holds for a key, at once, or `undefined`. The look does not count as use: no event,
   * no count, no change in the order of eviction; no other layer is asked. For an L1 of your own it returns
   * `undefined`.
   * @throws TypeError with code `INVALID_ARGUMENT` for an argument that is not a key, Error with code `CACHE_CLOSED`
   */
  peek(key: K): V | undefined;

  /**
   * `get`, with the source of the answer, its age, and its remaining lifetime. Always asks the addon: a hit takes
   * microseconds. A `get` that a subclass overrides is not used.
   */
  getEntry(key: K): Promise<EntryResult<V>>;

  /** For a loader of `any`, which may find nothing: see below. */
  getOrSetEntry<R extends V | undefined>(
    key: OfUntyped<K, R>,
    loader: LoaderFunction<R, V>,
    options?: CallOptions,
  ): Promise<EntryResult<ManyLoaded<V, R>>>;

  /**
   * `getOrSet`, with the source of the answer, its age, and its remaining lifetime. Rejects as `getOrSet` does. Always
   * asks the addon: a hit takes microseconds; a `get` or `set` that a subclass overrides is not used.
   * @param options override the cache's for this call
   */
  getOrSetEntry<R extends V | undefined>(
    key: K,
    loader: LoaderFunction<R, V>,
    options?: CallOptions,
  ): Promise<EntryResult<Loaded<V, R>>>;

  /** Whether a layer has a value. A layer is asked; nothing is read or moved. */
  has(key: K): Promise<boolean>;

  /** Removes a key from all layers, here and at other instances. */
  delete(key: K): Promise<void>;

  /**
   * Removes all keys that match and were stored before, here and at other instances. Many keys are removed in slices,
   * with other work in between: keys that are not removed yet are served until the promise is fulfilled.
   * @param pattern `*` matches any run of characters, `?` one character, every other character itself
   */
  deleteByPattern(pattern: string): Promise<void>;

  /**
   * Ends the life of an entry, here and at other instances: it is a miss from now on. All that `delete` promises holds.
   * Its value stays as the stale copy that fail-safe answers with when a load fails; without `failSafe` this is
   * `delete`. An instance of 0.4.0 deletes.
   */
  expire(key: K): Promise<void>;

  /**
   * Expires all keys that match and were stored before, in slices as `deleteByPattern` removes them.
   * @param pattern `*` matches any run of characters, `?` one character, every other character itself
   */
  expireByPattern(pattern: string): Promise<void>;

  /**
   * Removes all entries that were stored with one of these tags: from L1, here and at other instances, and for all that
   * read the same Redis. A load under way for such an entry stores nothing, here and elsewhere, and is not joined any
   * more. An instance of 0.4.0 does not notice, and goes on reading the entries in Redis until they expire.
   *
   * In Redis it takes one round trip, however many entries there are: they stay there until they expire or are written
   * again, and nobody reads them. `size()` of Redis and the listing of `inspect()` count them.
   *
   * Rejects with an Error with code `NO_TAGS` if the cache has neither the memory layer of this package as L1 nor a
   * `RedisStore` as L2, or if L1 or L2 is a store of your own.
   * @param tags a text that is not empty, or at most 100 of them
   */
  deleteByTag(tags: string | readonly string[]): Promise<void>;

  /** Like `deleteByTag`, but the stale copies of the entries stay, as with `expire`. */
  expireByTag(tags: string | readonly string[]): Promise<void>;

  /** The tags of live entries of L1, those with the most entries first. Takes time in proportion to these entries. */
  tags(): Promise<{ tag: string; entries: number }[]>;

  /** Removes everything, here and at other instances: the pattern `*`. */
  clear(): Promise<void>;

  /**
   * The values of keys: a `Map` in the order of the keys, without those that have none. Each key is looked for once; in
   * Redis all of them by one pipeline.
   */
  getMany(keys: Iterable<K>): Promise<Map<K, V>>;

  /**
   * The values of keys, as `getOrSet` returns them: one call of `loadMany` loads the missing ones. For keys that are
   * being loaded already it waits, and also for keys whose lock another instance holds; if one of these finds no value
   * then, a further call loads it. All that `getOrSet` promises holds for each key.
   *
   * Rejects with a {@link LoadsFailedError} if loads fail, unless fail-safe answers or `partial` is set.
   *
   * @param options of the loads, for this call
   */
  getMany<R extends V>(
    keys: Iterable<K>,
    loadMany: ManyLoader<K, R>,
    options?: GetManyOptions,
  ): Promise<Map<K, ManyLoaded<V, R>>>;

  /**
   * Stores values, each as `set` does. If a key or an option is not allowed, none is stored.
   * @param options of each `set`
   */
  setMany(entries: ManyEntries<K, V>, options?: CallOptions): Promise<void>;

  /** Which of the keys have a value, as `has` says: a `Map` in the order of the keys. */
  hasMany(keys: Iterable<K>): Promise<Map<K, boolean>>;

  /**
   * Removes keys from all layers, here and at other instances, which get one event for all of them. Keys that were
   * deleted more often than others go in an event of their own, and so do those beyond 1,000 keys, or 64 KiB.
   */
  deleteMany(keys: Iterable<K>): Promise<void>;

  /**
   * A function with the same arguments that reads through this cache. With `loadMany` the misses of one turn of the
   * event loop are loaded by one call.
   * @throws TypeError or RangeError with code `INVALID_ARGUMENT` or `INVALID_OPTION`, naming the fault
   */
  wrap<A extends unknown[], R extends V | undefined>(
    fn: (...args: A) => R | Promise<R> | PromiseLike<R>,
    // The arguments are those of `fn`: parameters of `key` do not tell which of them may be missing.
    options: WrapOptions<[A][A extends unknown ? 0 : never], R, K>,
  ): Wrapped<A, WrappedValue<V, R>, K>;

  /** Live entries of L1; without one, of L2; without either, 0. */
  size(): Promise<number>;

  /**
   * The verbs of this cache on the keys `name:…`, over the same layers, loads and bus.
   * @param name without `*` and `?`, which patterns have no escape for
   * @param options of each of its calls, which those of a call override
   * @throws TypeError with code `INVALID_ARGUMENT` for another name, TypeError or RangeError with code `INVALID_OPTION`
   */
  namespace<N = V>(name: string, options?: CallOptions): Namespace<N>;

  /** The counts since the cache was made, with or without listeners. */
  stats(): CacheStats;

  /**
   * The hit ratios that L1 would have with other bounds, under `lru` and under `s3fifo`. The first call begins to
   * simulate them, from empty caches and for as long as the cache lives, with the keys that are read, by whatever verb:
   * in less than 200 kB, and in some of a microsecond for each read. Until then this costs nothing.
   * Lifetimes and deletes are left out, and each miss counts as stored.
   * @throws Error with code `NO_MEMORY_LAYER` where L1 is not the memory layer of this package, or `CACHE_CLOSED`;
   * TypeError with code `INVALID_ARGUMENT` for other options
   */
  advice(options?: AdviceOptions): CacheAdvice;

  /**
   * Calls `handler` with every event, once, however often it is given.
   * @returns a function that ends the subscription, also for the other times that the handler was given before; calling
   * it again does nothing
   * @throws TypeError with code `INVALID_ARGUMENT` when `handler` is not a function
   */
  on(handler: (event: CacheEvent) => unknown): () => void;

  /**
   * Calls `handler` with events of some types. Events of other types are not even made for it.
   * @returns a function that ends the subscription
   * @throws TypeError with code `INVALID_ARGUMENT` when `handler` is not a function, TypeError or RangeError with code
   * `INVALID_OPTION` when `types` is not an array of types of events
   */
  on<T extends CacheEvent['type']>(
    handler: (event: Extract<CacheEvent, { type: T }>) => unknown,
    options: { types?: readonly T[] | undefined },
  ): () => void;

  /**
   * Makes reads pass over a layer, or both: they miss, and loads run; writes go on. Of L1 also remembered absences are
   * passed over. Of this cache alone, also where others share its layers.
   * @throws TypeError with code `INVALID_ARGUMENT` for another layer, Error with code `CACHE_CLOSED`
   */
  disable(layer?: 'L1' | 'L2'): void;

  /**
   * Ends the effect of `disable`, for a layer or both.
   * @throws TypeError with code `INVALID_ARGUMENT` for another layer, Error with code `CACHE_CLOSED`
   */
  enable(layer?: 'L1' | 'L2'): void;

  /**
   * Writes the entries of L1 to a file, those used most lately first, for the option `warm` of the next process.
   * Values that cannot be packed are left out. The file is there as a whole, or as it was before.
   * Later writes and deletes are not in it: call it as the last thing.
   * @param options `maxEntries`: the most entries, a positive integer. Default: 10,000
   * @returns how many entries were written. Rejects with the error of the file system
   */
  save(file: string, options?: { maxEntries?: number | undefined }): Promise<{ entries: number }>;

  /**
   * Resolves when nothing of this cache is under way: no call of a verb, no load, also none whose callers were
   * answered, no call of a store or a bus of your own. Calls that are made meanwhile are waited for, too. Deletes that
   * wait for a store or a bus which is away are not: they may wait for long. For tests, and before a shutdown. Never
   * rejects.
   */
  drain(): Promise<void>;

  /**
   * Waits for running loads, aborts those that take too long (their callers' promises reject with code `CACHE_CLOSED`),
   * and frees the memory of the cache. Other calls reject from now on. A second call waits for the first. An `l1`, `l2`
   * or `eventBus` that was passed to the cache is left open: its owner closes it.
   *
   * Rejects with code `INVALID_OPTION` when `timeoutMs` is not a number of milliseconds; the cache stays open then.
   */
  close(options?: CloseOptions): Promise<void>;

  /** The handler of the dashboard, for a server of your own; `undefined` when it is off. */
  getObservabilityHandler(): ObservabilityHandler | undefined;

  /** The server of the dashboard; `undefined` when there is none. */
  getObservabilityServer(): ObservabilityServerHandle | undefined;

  /** Closes the server of the dashboard, if there is one, with its connections. The handler stays. */
  closeObservability(): Promise<void>;

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The cache. */
export declare class LazyLayersCache<K extends CacheKey | bigint = string, V = unknown> extends HybridCache<K, V> {
  /** @throws TypeError or RangeError with code `INVALID_OPTION`, naming the option, its value and the allowed ones */
  constructor(options?: LazyLayersCacheOptions<K, V>);
}

/**
 * A new {@link LazyLayersCache}.
 * @throws TypeError or RangeError with code `INVALID_OPTION`, naming the option, its value and the allowed ones
 */
export declare function createCache<K extends CacheKey | bigint = string, V = unknown>(
  options?: LazyLayersCacheOptions<K, V>,
): LazyLayersCache<K, V>;

/** Counts failures and says when to stop calling. It calls nothing itself: ask `canCall()`, then record the outcome. */
export declare class CircuitBreaker {
  /** @throws TypeError or RangeError with code `INVALID_OPTION`, naming the option, its value and the allowed ones */
  constructor(options?: CircuitBreakerOptions);

  /** The state now. */
  get currentState(): CircuitBreakerState;

  /** Whether to call. In `half-open` the first to ask gets `true` and is the probe, the others `false`. */
  canCall(): boolean;

  /** A call succeeded: the circuit closes. Returns the state after it. */
  recordSuccess(): CircuitBreakerState;

  /** A call failed. Returns the state after it. */
  recordFailure(): CircuitBreakerState;
}
