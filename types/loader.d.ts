import type { CacheKey, FailSafeOptions, NegativeCacheOptions } from './options.js';

/**
 * The argument of a loader.
 *
 * @typeParam V values of the cache
 */
export interface LoaderContext<V = any> {
  /**
   * Aborts when the load has taken `timeouts.hardMs`, or when the cache is closed before the load is over. Made at the
   * first access, so that it costs nothing to loaders that do not use it. It is an own property of the context, so
   * copies have it as well.
   */
  readonly signal: AbortSignal;
  /** The key that is loaded, as the cache has it: with the name of its namespace. */
  readonly key: CacheKey;
  /**
   * The value that this load replaces: the copy of fail-safe, or the live value that is refreshed. `undefined` if none
   * is known.
   */
  readonly stale: StaleValue<V> | undefined;
  /** The tags of the call. */
  readonly tags: readonly string[];
  /**
   * The value of this load is returned and not stored. For `skipTtlMs` callers of the key do not wait for each other's
   * loads either, as none will leave a value for the others.
   */
  readonly skip: () => void;
  /**
   * The load has failed with this error, whatever the loader returns: callers get the stale value, if fail-safe has
   * one, else the error. A text becomes the message of an `Error`.
   */
  readonly fail: (error?: unknown) => void;
  /**
   * The stale value is still true: it gets a whole new life, with its etag and its tags. Returns it. Throws an Error
   * with code `NO_STALE_VALUE` if there is none. Where the type of the values is not known it is `never`, so that
   * `return notModified()` adds nothing to the type of the loader.
   */
  readonly notModified: () => ValueSink<V> extends ValueSink<unknown> ? never : V;
  /**
   * Options of this value, known only now. They go before those of the call; those of a second call before those of
   * the first. Throws a TypeError or RangeError with code `INVALID_OPTION`, also for options that a loader cannot
   * change: `inflight`, `timeouts`, `distributedLock`, `refreshAhead`, `xfetch`, `skipTtlMs` and `shouldCache`.
   */
  readonly setOptions: (options: LoadedOptions) => void;
}

/** The value that a load replaces. */
export interface StaleValue<V = any> {
  /** The value. */
  readonly value: V;
  /** How long ago its load began, in milliseconds; of a copy of fail-safe, how long ago it was last good. */
  readonly ageMs: number;
  /** The etag that its loader set. */
  readonly etag?: string;
}

/** Options of one layer that a loader sets for its value. */
export interface LoadedLevel {
  /** Lifetime in milliseconds, as of {@link LoadedOptions}. */
  ttlMs?: number | undefined;
}

/** Options that a loader sets for its value. */
export interface LoadedOptions {
  /** Lifetime in milliseconds; below 0: the value is not kept. 0 and `Infinity`: no expiry. */
  ttlMs?: number | undefined;
  /** Lifetimes of single layers. */
  levels?: { L1?: LoadedLevel | undefined; L2?: LoadedLevel | undefined } | undefined;
  /** The tags of the value, instead of those of the call. */
  tags?: readonly string[] | undefined;
  /**
   * Names this version of the value: the next loader finds it in `stale`. It goes with the value to other instances, by
   * the bus and by Redis; a store of your own keeps none.
   */
  etag?: string | undefined;
  /** Whether and for how long a copy is kept for loads that fail, and whether one is served if this load fails. */
  failSafe?: FailSafeOptions | undefined;
  /** For how long it is remembered that this load found nothing. */
  negativeCache?: NegativeCacheOptions | undefined;
}

/** The argument of a loader of several keys. Its directives hold for all of them. */
export interface ManyLoaderContext {
  /** Aborts when the loads of all keys have aborted. */
  readonly signal: AbortSignal;
  /** As of {@link LoaderContext}, for all keys. */
  readonly skip: () => void;
  /** As of {@link LoaderContext}, for all keys. */
  readonly fail: (error?: unknown) => void;
  /** As of {@link LoaderContext}, for all keys. */
  readonly setOptions: (options: LoadedOptions) => void;
  /** The context of one of the keys; `undefined` for any other key. */
  readonly of: (key: CacheKey | bigint) => LoaderContext | undefined;
}

/**
 * The context as a parameter that may have a default, so that both `({ signal }) => …` and `({ signal } = {}) => …`
 * compile. A cache always passes a {@link LoaderContext}: a loader that hands it on whole names that type,
 * `(context: LoaderContext) => …`.
 */
export type LoaderParameter<V = any> =
  LoaderContext<ValueSink<V> extends ValueSink<unknown> ? any : V> | SignalAlone | { readonly [name: string]: never };

/**
 * A context of a signal alone, as stores of your own may pass it, and as loaders may ask for it. By the patterns it
 * adds nothing to the types of the context that a cache passes.
 */
export type SignalAlone = { readonly signal: AbortSignal } & {
  readonly [
    name in
      | `ke${string}`
      | `stal${string}`
      | `tag${string}`
      | `ski${string}`
      | `fai${string}`
      | `notModifie${string}`
      | `setOption${string}`
  ]: never;
};

/**
 * A loader as `getOrSet` takes it. A cache calls it with one argument, the context. It is written as a rest parameter
 * of a method so that a store of your own may call `loader()`, and a loader may ask for a plain {@link LoaderContext}.
 */
export type LoaderFunction<R, V = any> = {
  load(...context: LoaderParameter<V>[]): R | Promise<R> | PromiseLike<R>;
}['load'];

/** A parameter of type `T` where the loader is one of `any`; nothing fits it where it is another one. */
export type OfUntyped<T, R> = 0 extends 1 & R ? T : never;

/**
 * Takes values of `V`: all values if that is `unknown` or `any`. By `unknown extends V` the compiler would not take a
 * cache of users for one of things with a name.
 */
export interface ValueSink<in V> {
  (value: V): void;
}

/**
 * Finds the value of a key that the cache does not hold. Its argument is a {@link LoaderContext}. `getOrSet` takes one
 * that answers without a promise too, see {@link LoaderFunction}.
 *
 * `undefined` says that there is none: it is not stored (see `negativeCache`). Every other value is, `null` included.
 * Its error reaches all callers that wait for this load as the same object, unless fail-safe answers.
 */
export type CacheLoader<V = unknown> = { load(...context: LoaderParameter<V>[]): Promise<V | undefined> }['load'];

/**
 * The result of `getOrSet` with a loader that returns `R`, in a cache of `V`: the cache's `V`, since another call may
 * have stored it, and `undefined` only if the loader may return it. A cache of `unknown` takes the loader's word for
 * the type.
 */
export type Loaded<V, R> = ValueSink<V> extends ValueSink<unknown> ? R : V | Extract<R, undefined>;

/** The same with a loader of `any`, which may return `undefined`. */
export type LoadedUntyped<V, R> = ValueSink<V> extends ValueSink<unknown> ? R : V | undefined;

/** The values of `getMany` with a loader of `R`, in a cache of `V`. */
export type ManyLoaded<V, R> = ValueSink<V> extends ValueSink<unknown> ? R : V;

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
