import type { EntryResult } from './entry.js';
import type { Loaded, LoadedUntyped, LoaderFunction, ManyLoaded, OfUntyped } from './loader.js';
import type { GetManyOptions, ManyEntries, ManyLoader, Wrapped, WrappedValue, WrapOptions } from './many.js';
import type { CacheKey, CallOptions } from './options.js';

/**
 * The verbs of a cache on the keys `name:…`. They call those of the cache, so that `namespace('users').get(1)` is
 * `get('users:1')`: one cache, one bound, one bus; events and errors have the whole key. It holds nothing of its own,
 * and need not be closed.
 *
 * @typeParam V values
 */
export interface Namespace<V = unknown> {
  /** Its name, after those it is in: `users`, `users:sessions`. */
  readonly name: string;

  /** See `get` of a cache. */
  get(key: CacheKey | bigint): Promise<V | undefined>;

  /** See `getEntry` of a cache. */
  getEntry(key: CacheKey | bigint): Promise<EntryResult<V>>;

  /** See `peek` of a cache. */
  peek(key: CacheKey | bigint): V | undefined;

  /** See `set` of a cache. */
  set(key: CacheKey | bigint, value: V, options?: CallOptions): Promise<void>;

  /** For a loader of `any`, which may find nothing: see below. */
  getOrSet<R extends V | undefined>(
    key: OfUntyped<CacheKey | bigint, R>,
    loader: LoaderFunction<R, V>,
    options?: CallOptions,
  ): Promise<LoadedUntyped<V, R>>;

  /** See `getOrSet` of a cache. */
  getOrSet<R extends V | undefined>(
    key: CacheKey | bigint,
    loader: LoaderFunction<R, V>,
    options?: CallOptions,
  ): Promise<Loaded<V, R>>;

  /** For a loader of `any`, which may find nothing: see below. */
  getOrSetEntry<R extends V | undefined>(
    key: OfUntyped<CacheKey | bigint, R>,
    loader: LoaderFunction<R, V>,
    options?: CallOptions,
  ): Promise<EntryResult<ManyLoaded<V, R>>>;

  /** See `getOrSetEntry` of a cache. */
  getOrSetEntry<R extends V | undefined>(
    key: CacheKey | bigint,
    loader: LoaderFunction<R, V>,
    options?: CallOptions,
  ): Promise<EntryResult<Loaded<V, R>>>;

  /** See `has` of a cache. */
  has(key: CacheKey | bigint): Promise<boolean>;

  /** See `delete` of a cache. */
  delete(key: CacheKey | bigint): Promise<void>;

  /** See `expire` of a cache. */
  expire(key: CacheKey | bigint): Promise<void>;

  /**
   * See `deleteByPattern` of a cache.
   * @param pattern of keys of this namespace, without its name
   */
  deleteByPattern(pattern: string): Promise<void>;

  /**
   * See `expireByPattern` of a cache.
   * @param pattern of keys of this namespace, without its name
   */
  expireByPattern(pattern: string): Promise<void>;

  /** See `getMany` of a cache. Keys, also those that `loadMany` is given, are without the name. */
  getMany<K extends CacheKey | bigint>(keys: Iterable<K>): Promise<Map<K, V>>;
  getMany<K extends CacheKey | bigint, R extends V>(
    keys: Iterable<K>,
    loadMany: ManyLoader<K, R>,
    options?: GetManyOptions,
  ): Promise<Map<K, ManyLoaded<V, R>>>;

  /** See `setMany` of a cache. */
  setMany(entries: ManyEntries<CacheKey | bigint, V>, options?: CallOptions): Promise<void>;

  /** See `hasMany` of a cache. */
  hasMany<K extends CacheKey | bigint>(keys: Iterable<K>): Promise<Map<K, boolean>>;

  /** See `deleteMany` of a cache. */
  deleteMany(keys: Iterable<CacheKey | bigint>): Promise<void>;

  /** See `wrap` of a cache. Keys are without the name. */
  wrap<A extends unknown[], R extends V | undefined>(
    fn: (...args: A) => R | Promise<R> | PromiseLike<R>,
    // The arguments are those of `fn`: parameters of `key` do not tell which of them may be missing.
    options: WrapOptions<[A][A extends unknown ? 0 : never], R, CacheKey | bigint>,
  ): Wrapped<A, WrappedValue<V, R>, CacheKey | bigint>;

  /** Removes all of this namespace, and of those in it, here and at other instances. */
  clear(): Promise<void>;

  /**
   * Live entries of this namespace, and of those in it: of L1, without one of L2, which are listed for it. Takes time
   * in proportion to all entries of the layer. Rejects with a TypeError for a store of your own without `inspect`.
   */
  size(): Promise<number>;

  /**
   * A namespace in this one: its keys are `name:inner:…`.
   * @param options of each of its calls, over those of this namespace
   */
  namespace<N = V>(name: string, options?: CallOptions): Namespace<N>;
}
