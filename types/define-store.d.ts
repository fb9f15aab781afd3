import type { DistributedLock, LayerStore } from './store.js';
import type { CallOptions } from './options.js';

/**
 * The methods of a second layer. They are called as methods of this object, and may answer at once or by a promise.
 * Required are `get`, `set` and `delete`, and either `keys`, or both `deleteByPattern` and `size`.
 */
export interface StoreDefinition<V = unknown>
  extends Partial<DistributedLock>, Pick<LayerStore<string, V>, 'getMany' | 'setMany' | 'deleteMany'> {
  /** The value of a key, or `undefined`. A `null` is a value. */
  get(key: string): V | undefined | Promise<V | undefined>;
  /** Stores a value, for `options.ttlMs` milliseconds if that is given (`Infinity`: no expiry). */
  set(key: string, value: V, options: CallOptions): unknown;
  /** Removes a key. */
  delete(key: string): unknown;
  /** The keys that begin with `prefix`, which may be empty; others among them do no harm. */
  keys?(prefix: string): Iterable<string> | AsyncIterable<string> | Promise<Iterable<string> | AsyncIterable<string>>;
  /** Whether there is a value. Default: whether `get` finds one. */
  has?(key: string): boolean | Promise<boolean>;
  /** Removes all keys that match. Default: `keys`, and `delete` for each that matches, 100 at a time. */
  deleteByPattern?(pattern: string): unknown;
  /** How many entries there are. Default: how many `keys` finds. */
  size?(): number | Promise<number>;
  /** Pages for `inspect()` and the dashboard, as `InspectableStore` has them. */
  inspect?(options?: object): unknown;
  /** Closes the resources of the store. A cache does not call it. */
  close?(): unknown;
}

/**
 * Makes a store for `l2` (or `l1`) of a definition. It calls the methods of the definition; where patterns, sizes or
 * `has` are missing, it builds them from the others. Throws a `TypeError` with the code `INVALID_ARGUMENT` that names a
 * method that is missing, or that is no function.
 *
 * ```js
 * const l2 = defineStore({ get: (key) => …, set: (key, value, { ttlMs }) => …, delete: (key) => …, keys: () => … });
 * ```
 *
 * `storeContract` of `lazy-layers-cache/testing` tests whether it keeps the contract that a cache relies on.
 */
export declare function defineStore<V = unknown, D extends StoreDefinition<V> = StoreDefinition<V>>(
  store: D & StoreDefinition<V>,
): LayerStore<string, V> &
  LocksOf<Pick<D, Extract<keyof D, keyof DistributedLock>>> &
  Pick<D, Extract<keyof D, 'inspect' | 'close' | 'getMany' | 'setMany' | 'deleteMany'>>;

/** The methods for locks. They take the arguments of a cache, also where a definition leaves out parameters. */
type LocksOf<D> = {
  [M in keyof D]: D[M] extends (...args: any) => infer R
    ? (...args: Parameters<DistributedLock[M & keyof DistributedLock]>) => R
    : D[M];
};

// Declarations without `export` stay private.
export {};
