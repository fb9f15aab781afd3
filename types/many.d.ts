// `AggregateError`.
/// <reference lib="es2021.promise" />

import type { ManyLoaderContext, ValueSink } from './loader.js';
import type { CacheKey, CallOptions } from './options.js';

/**
 * Values for several keys, as a loader or a custom store answers them: a `Map` or an object by the keys, or an array in
 * their order. A key that is missing, or has `undefined`, has no value.
 *
 * In a `Map` a number stands for its decimal string, and the other way round.
 */
// Both forms of maps and arrays, and promises beside what is like one, as the compiler then names the value at fault.
export type ManyValues<K, V> =
  | Map<K | string, V | undefined>
  | ReadonlyMap<K | string, V | undefined>
  | (V | undefined)[]
  | readonly (V | undefined)[]
  | { readonly [key: string]: V | undefined };

/** The same, or a promise of it. */
export type ManyAnswers<K, V> = ManyValues<K, V> | Promise<ManyValues<K, V>> | PromiseLike<ManyValues<K, V>>;

/**
 * Finds the values of keys that the cache does not hold, as a {@link CacheLoader} finds one. A key without a value is
 * not stored (see `negativeCache`); an `Error` in the place of a value fails the load of that key alone.
 *
 * @param missing the keys to load, each once, in the form in which it was given first
 * @param context its `signal` aborts when all of these loads have passed `timeouts.hardMs`, or when the cache is closed
 */
export type ManyLoader<K extends CacheKey | bigint = string, V = unknown> = (
  missing: K[],
  context: ManyLoaderContext,
) => ManyAnswers<K, V | Error>;

/** Options of a `getMany` with a loader: those of `getOrSet`, for each of its keys, and how failures are told. */
export interface GetManyOptions extends CallOptions {
  /** Whether keys whose loads fail are left out instead of rejecting the call. Default: `false`. */
  partial?: boolean | undefined;
}

/** The error of a `getMany` with keys whose loads failed. Its `errors` are their errors, each once. */
export interface LoadsFailedError<K extends CacheKey | bigint = string, V = unknown> extends AggregateError {
  code: 'LOADS_FAILED';
  /** The values of the other keys. */
  partial: Map<K, V>;
  /** The error of each key that failed. */
  failures: Map<K, unknown>;
}

/** Entries to store: a `Map`, pairs, or an object, whose names are the keys. */
export type ManyEntries<K, V> = Iterable<readonly [K, V]> | { readonly [key: string]: V };

/** How misses of a wrapped function are gathered. */
export interface BatchOptions {
  /** For how long the first miss waits for others, in milliseconds. Default: 0, until the end of the turn. */
  windowMs?: number | undefined;
  /** The most misses of one call of `loadMany`: as soon as there are that many, it is called. Default: `Infinity`. */
  max?: number | undefined;
}

/** Options of `wrap`: those of `getOrSet`, and how its arguments become a key and its misses a batch. */
export interface WrapOptions<A extends unknown[], R, K extends CacheKey | bigint = string> extends CallOptions {
  /** The key for arguments. It has the `this` of the call. */
  key(...args: A): K;
  /**
   * Loads several misses by one call: it is given the arguments of each. The function itself is not called then. Its
   * answer is an array in the order of `calls`, or a `Map` or an object by their keys.
   */
  loadMany?: ((calls: A[], context: ManyLoaderContext) => ManyAnswers<K, Awaited<R> | Error>) | undefined;
  /** How misses are gathered for `loadMany`. */
  batch?: BatchOptions | undefined;
}

/**
 * What a wrapped function of `R` returns in a cache of `V`: as `getOrSet` with a loader of `R`, but that a function of
 * `any` counts as one that always finds a value.
 */
export type WrappedValue<V, R> =
  ValueSink<V> extends ValueSink<unknown> ? R : V | (0 extends 1 & R ? never : Extract<R, undefined>);

/** A function that reads through a cache. */
export interface Wrapped<A extends unknown[], R, K extends CacheKey | bigint = string> {
  /** The cached value for these arguments, else the result of the function for them. */
  (...args: A): Promise<R>;
  /**
   * The key for these arguments. It and the methods below hand their `this` on, where they are called as
   * `wrapped.delete.call(object, …)`; called as methods of the function they have none.
   */
  key(...args: A): K;
  /** Deletes the cached value for these arguments, here and at other instances. */
  delete(...args: A): Promise<void>;
  /** Expires the cached value for these arguments, here and at other instances: see `expire` of a cache. */
  expire(...args: A): Promise<void>;
  /**
   * Calls the function for these arguments and stores its result. No instance serves the old value from then on, and no
   * load that began before is joined; with `failSafe` the old value answers if the load fails.
   */
  refresh(...args: A): Promise<R>;
}

/** The part of a cache of `V` that the decorator `cached` calls. */
export interface Wrapping<V = any> {
  get?(key: any): Promise<V>;
  wrap(fn: (...args: any[]) => any, options: any): (...args: any[]) => Promise<any>;
}

/** Options of the decorator `cached`: those of `wrap`, whose functions have the object as `this`. */
export interface CachedOptions<This, A extends unknown[], R, K extends CacheKey | bigint = string> extends CallOptions {
  /** The key for arguments. */
  key(this: This, ...args: A): K;
  /** Loads several misses of one object by one call, see {@link WrapOptions}. */
  loadMany?: ((this: This, calls: A[], context: ManyLoaderContext) => ManyAnswers<K, R | Error>) | undefined;
  /** How misses are gathered for `loadMany`. */
  batch?: BatchOptions | undefined;
}
