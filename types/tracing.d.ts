/** The verbs that are traced. `clear` is a `deleteByPattern` of `*`. */
export type TracedOperation =
  | 'get'
  | 'getEntry'
  | 'set'
  | 'getOrSet'
  | 'getOrSetEntry'
  | 'has'
  | 'delete'
  | 'deleteByPattern'
  | 'expire'
  | 'expireByPattern'
  | 'deleteByTag'
  | 'expireByTag'
  | 'size'
  | 'getMany'
  | 'setMany'
  | 'hasMany'
  | 'deleteMany';

/**
 * A call of a cache, as subscribers of the tracing channel `lazycache:call` get it. `layer` and `outcome` are known at
 * the end of the call.
 */
export interface TracedCall {
  /** The option `name` of the cache; empty without one. */
  cache: string;
  operation: TracedOperation;
  /** The key, pattern or tags as they were given; undefined for `size` and the verbs of several keys. */
  key: unknown;
  /** The layer that answered a hit. */
  layer: 'L1' | 'L2' | undefined;
  /**
   * Where the answer of `get`, `getOrSet`, `getEntry` and `getOrSetEntry` came from: a layer, a load of this call, the
   * load of another call, a stale copy, the memory that there is nothing, or nowhere.
   */
  outcome: 'hit' | 'loaded' | 'joined' | 'stale' | 'negative' | 'miss' | undefined;
  /** The answer, from `asyncEnd` on. */
  result?: unknown;
  /** Why the call rejected, from `error` on. */
  error?: unknown;
}
