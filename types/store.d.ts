import type { CacheLoader } from './loader.js';
import type { ManyValues } from './many.js';
import type { CacheKey, CacheOptions, CallOptions } from './options.js';

/** A value as a store may keep it. */
export interface CacheEntry<V = unknown> {
  /** The value. */
  value: V;
  /** When it expires, in milliseconds since the epoch. Absent: never. */
  expiresAt?: number | undefined;
}

/**
 * The methods that a cache calls on an object given as `l1` or `l2`, always as methods of that object. Each may answer
 * at once or by a promise. An error that one throws or rejects with never reaches a caller of the cache: the layer
 * counts as empty, and the event `l2:error` (or `l1:error`) reports the error.
 *
 * A cache addresses a store by strings: a number or a bigint arrives as its decimal string.
 */
export interface LayerStore<K extends CacheKey | bigint = string, V = unknown> {
  /** The value of a key, or `undefined`. A `null` is a value. */
  get(key: K): V | undefined | Promise<V | undefined>;
  /**
   * Stores a value. From a cache `options` has all options of the caller, also names that the cache does not know; and
   * as `ttlMs` the lifetime in milliseconds that applies to this layer (`Infinity`: no expiry), if the call or the
   * cache has that option.
   */
  set(key: K, value: V, options?: CallOptions): unknown;
  /** Whether there is a value. */
  has(key: K): boolean | Promise<boolean>;
  /** Removes a key. */
  delete(key: K): unknown;
  /** Removes all keys that match: `*` matches any run of characters, `?` one, any other itself. */
  deleteByPattern(pattern: string): unknown;
  /** How many entries there are. */
  size(): number | Promise<number>;
  /**
   * The values of keys, if the store reads several at once. A verb of several keys calls this and the next two for two
   * keys and more; a store without one of them is asked key by key.
   */
  getMany?(keys: K[]): ManyValues<K, V> | PromiseLike<ManyValues<K, V>>;
  /** Stores values, pairs of key and value; `options` as of `set`, for all of them. */
  setMany?(entries: [K, V][], options?: CallOptions): unknown;
  /** Removes keys. */
  deleteMany?(keys: K[]): unknown;
}

/** A store, such as a `MemoryStore` or a cache. Every method returns a promise. */
export interface CacheStore<K extends CacheKey | bigint = string, V = unknown> extends LayerStore<K, V> {
  /** The value of a key, or `undefined`. A `null` is a value. */
  get(key: K): Promise<V | undefined>;
  /** Stores a value. */
  set(key: K, value: V, options?: CacheOptions): Promise<void>;
  /** The value of a key; if there is none, the result of the loader, which is stored. */
  getOrSet(key: K, loader: CacheLoader<V>, options?: CacheOptions): Promise<V | undefined>;
  /** Whether there is a value. */
  has(key: K): Promise<boolean>;
  /** Removes a key. */
  delete(key: K): Promise<unknown>;
  /** Removes all keys that match: `*` matches any run of characters, `?` one, any other itself. */
  deleteByPattern(pattern: string): Promise<unknown>;
  /** Removes everything. */
  clear(): Promise<unknown>;
  /** How many entries there are. */
  size(): Promise<number>;
}

/** A layer as an option: a store, or `false` for none. An `l1` or `l2` needs no more than a {@link LayerStore}. */
export type CacheLayer<K extends CacheKey | bigint = string, V = unknown> = CacheStore<K, V> | false;

/** An `l2` with these two methods takes part in `distributedLock`. */
export interface DistributedLock {
  /**
   * Takes the lock of a key, if nobody holds it.
   * @param token names the owner
   * @param ttlMs the lock is free again after this time in milliseconds, released or not
   * @returns whether the lock is the caller's now
   */
  acquireLock(key: string, token: string, ttlMs: number): boolean | Promise<boolean>;
  /** Releases the lock of a key. Must do nothing if the token no longer has the lock. */
  releaseLock(key: string, token: string): unknown;
}
