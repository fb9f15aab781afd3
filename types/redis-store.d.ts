import type { InspectableStore, StoreInspection, StoreInspectOptions } from './inspect.js';
import type { Loaded, LoadedUntyped, LoaderFunction, OfUntyped } from './loader.js';
import type { CacheKey, CacheOptions } from './options.js';
import type { RedisConnection, RedisStoreOptions } from './redis.js';
import type { CacheStore, DistributedLock } from './store.js';

/**
 * A store in Redis, shared by all processes: it reads entries of 0.4.0, and 0.4.0 reads its entries. As `l2` of a cache
 * no failure of it reaches a caller; by itself its methods reject with an Error that names the failure. Values are
 * copies: packed as MessagePack, gzipped where that pays.
 *
 * While Redis is away operations fail at once; the store connects again by itself, for as long as it is used.
 *
 * @typeParam V values
 * @typeParam K keys
 */
export declare class RedisStore<V = unknown, K extends CacheKey | bigint = string>
  implements CacheStore<K, V>, DistributedLock, InspectableStore<V>
{
  /**
   * Connects in the background.
   * @throws TypeError or RangeError with code `INVALID_OPTION` or `INVALID_ARGUMENT`, naming the option or argument
   */
  constructor(redis: RedisConnection, options?: RedisStoreOptions);

  /** The value of a key, or `undefined`. Rejects when Redis fails or the record cannot be read. */
  get(key: K): Promise<V | undefined>;

  /** Stores a copy of a value. `undefined` is stored as `null`. */
  set(key: K, value: V, options?: CacheOptions): Promise<void>;

  /** For a loader of `any`, which may find nothing: see below. */
  getOrSet<R extends V | undefined>(
    key: OfUntyped<K, R>,
    loader: LoaderFunction<R, V>,
    options?: CacheOptions,
  ): Promise<LoadedUntyped<V, R>>;

  /**
   * The value of a key; on a miss, the result of the loader, which is stored. Calls for a key that is being loaded wait
   * for that load. As with a cache no failure of Redis rejects it.
   */
  getOrSet<R extends V | undefined>(
    key: K,
    loader: LoaderFunction<R, V>,
    options?: CacheOptions,
  ): Promise<Loaded<V, R>>;

  /** Whether there is a value. */
  has(key: K): Promise<boolean>;

  /** Removes a key. */
  delete(key: K): Promise<void>;

  /**
   * Removes all keys of this prefix that match.
   * @param pattern `*` matches any run of characters, `?` one character, every other character itself
   */
  deleteByPattern(pattern: string): Promise<void>;

  /** Removes all keys of this prefix. */
  clear(): Promise<void>;

  /** How many keys the index lists; without one, how many a scan finds. Keys that expired unread may be among them. */
  size(): Promise<number>;

  /** Takes the lock of a key for `ttlMs` milliseconds. `false` when another token has it. */
  acquireLock(key: string, token: string, ttlMs: number): Promise<boolean>;

  /** Releases the lock of a key, if this token still has it. */
  releaseLock(key: string, token: string): Promise<void>;

  /**
   * One page of entries: one step of a scan. Rejects with code `INVALID_OPTION` if an option has a value that is not
   * allowed.
   */
  inspect(options?: StoreInspectOptions): Promise<StoreInspection<V>>;

  /** Ends the store's own connection: operations fail from now on. A client that was given stays open. */
  close(): Promise<void>;
}
