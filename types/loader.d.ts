import type { CacheKey } from './options.js';

/** The argument of a loader. */
export interface LoaderContext {
  /**
   * Aborts when the load has taken `timeouts.hardMs`, or when the cache is closed before the load is over. Made at the
   * first access, so that it costs nothing to loaders that do not use it. It is an own property of the context, so
   * copies have it as well.
   */
  readonly signal: AbortSignal;
}

/**
 * The context as a parameter that may have a default, so that both `({ signal }) => …` and `({ signal } = {}) => …`
 * compile. A cache always passes a {@link LoaderContext}.
 */
export type LoaderParameter = LoaderContext | { readonly [name: string]: never };

/**
 * A loader as `getOrSet` takes it. A cache calls it with one argument, the context. It is written as a rest parameter
 * of a method so that a store of your own may call `loader()`, and a loader may ask for a plain {@link LoaderContext}.
 */
export type LoaderFunction<R> = { load(...context: LoaderParameter[]): R | PromiseLike<R> }['load'];

/**
 * Finds the value of a key that the cache does not hold. Its argument is a {@link LoaderContext}. `getOrSet` takes one
 * that answers without a promise too, see {@link LoaderFunction}.
 *
 * `undefined` says that there is none: it is not stored (see `negativeCache`). Every other value is, `null` included.
 * Its error reaches all callers that wait for this load as the same object, unless fail-safe answers.
 */
export type CacheLoader<V = unknown> = { load(...context: LoaderParameter[]): Promise<V | undefined> }['load'];

/**
 * The result of `getOrSet` with a loader that returns `R`, in a cache of `V`: the cache's `V`, since another call may
 * have stored it, and `undefined` only if the loader may return it. A cache of `unknown` takes the loader's word for
 * the type.
 */
export type Loaded<V, R> = unknown extends V ? R : V | Extract<R, undefined>;

/** A load under way. The addon keeps those of a cache; these types are for stores that keep their own. */
export interface InflightEntry<K extends CacheKey | bigint = string, V = unknown> {
  /** The key that is being loaded. */
  key?: K;
  /** Settles with the load. */
  promise: Promise<V>;
  /** When it began, in milliseconds since the epoch. */
  startedAt: number;
}

/** Loads under way, by key. */
export type InflightStore<K extends CacheKey | bigint = string, V = unknown> = Map<K, InflightEntry<K, V>>;
