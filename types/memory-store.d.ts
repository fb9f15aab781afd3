import type { InspectableStore, StoreInspection, StoreInspectOptions } from './inspect.js';
import type { Loaded, LoadedUntyped, LoaderFunction, OfUntyped } from './loader.js';
import type { CacheKey, CacheOptions } from './options.js';

/**
 * The memory layer as a store of its own: bounded, by reference, for one process. Given as `l1`, its entries are those
 * of the cache. A subclass that overrides methods is driven through them.
 */
export declare class MemoryStore<K extends CacheKey | bigint = string, V = unknown> implements InspectableStore<V> {
  /**
   * @param options `ttlMs`, `levels.L1`, and for its `getOrSet` all but `levels.L2`, `distributedLock` and `versioning`
   * @throws TypeError or RangeError with code `INVALID_OPTION`, naming the option, its value and the allowed ones
   */
  constructor(options?: CacheOptions);

  /** The value of a key, or `undefined`. Counts as use. */
  get(key: K): Promise<V | undefined>;

  /** Stores a value, by reference. `undefined` is not stored: the key is absent afterwards. */
  set(key: K, value: V, options?: CacheOptions): Promise<void>;

  /** For a loader of `any`, which may find nothing: see below. */
  getOrSet<R extends V | undefined>(
    key: OfUntyped<K, R>,
    loader: LoaderFunction<R, V>,
    options?: CacheOptions,
  ): Promise<LoadedUntyped<V, R>>;

  /**
   * The value of a key; on a miss, the result of the loader. Calls for a key that is being loaded wait for that load.
   */
  getOrSet<R extends V | undefined>(
    key: K,
    loader: LoaderFunction<R, V>,
    options?: CacheOptions,
  ): Promise<Loaded<V, R>>;

  /** Whether there is a value. Does not count as use. */
  has(key: K): Promise<boolean>;

  /** Removes a key. */
  delete(key: K): Promise<void>;

  /**
   * Removes all keys that match and were stored before; many of them in slices, with other work in between.
   * @param pattern `*` matches any run of characters, `?` one character, every other character itself
   */
  deleteByPattern(pattern: string): Promise<void>;

  /** Removes everything. */
  clear(): Promise<void>;

  /** Live entries. */
  size(): Promise<number>;

  /**
   * One page of entries. Does not count as use.
   * Rejects with a TypeError or RangeError if an option has a value that is not allowed.
   */
  inspect(options?: StoreInspectOptions): Promise<StoreInspection<V>>;
}
