/** Which entries to list, and with which parts. */
export interface StoreInspectOptions {
  /** Where to go on: the `cursor` of the page before. Default, and for any other text: the beginning. */
  cursor?: string | undefined;
  /** The most entries of a page, 10,000 at most. Default, and for 0 and less: 100. */
  limit?: number | undefined;
  /** A pattern (`*`, `?`) that the keys match. Default: `*`. */
  match?: string | undefined;
  /** Whether to return the values too; a `RedisStore` reads none, nor their sizes, with `false`. Default: `true`. */
  includeValues?: boolean | undefined;
  /** The same as `includeValues`, which comes first. */
  values?: boolean | undefined;
  /** The most bytes of a value, as `estimateValueBytes` counts them, that is returned. Default: no bound. */
  maxValueBytes?: number | undefined;
}

/** One entry of a store. */
export interface KeyInspection<V = unknown> {
  /** The key. */
  key: string;
  /** Milliseconds until the entry expires. -1: it does not; -2, in Redis: it has gone since it was listed. */
  ttlRemainingMs: number;
  /**
   * Size in bytes as a shared layer stores it, with its prefix. 0 if it cannot be packed, or was not read; as
   * `deserializedBytes` for a value of L1 beyond `maxValueBytes`, which is not packed.
   */
  serializedBytes: number;
  /** Bytes of the value as text or JSON: see `estimateValueBytes`. */
  deserializedBytes: number;
  /** The share that gzip saves, from 0 to 1; 0 when the value is not compressed. */
  compressionRatio: number;
  /** The encoding that `serializedBytes` is of. */
  encoding: 'msgpack' | 'msgpack-gzip' | 'json' | 'legacy' | (string & {});
  /** The value, unless `includeValues` is `false`. */
  value?: V;
  /** `true` when the value is beyond `maxValueBytes`: it is left out. */
  truncated?: boolean;
  /** In L1: an estimate of the memory that the value takes, which counts for `levels.L1.maxBytes`. */
  memoryBytes?: number;
}

/** One page of a store. */
export interface StoreInspection<V = unknown> {
  /** Entries in the store, on this page or not. */
  size: number;
  /** Where the next page begins. Absent on the last one. */
  cursor?: string;
  /**
   * The entries of this page, the most recently used first in an L1 with the policy `lru`; one that is used meanwhile
   * may be left out. A page may be short, or empty, and still have a `cursor`.
   */
  keys: KeyInspection<V>[];
}

/** A store that can be looked into. Looking changes nothing: not the order of eviction, not a lifetime. */
export interface InspectableStore<V = unknown> {
  /** One page of entries. Rejects with code `INVALID_OPTION` if an option has a value that is not allowed. */
  inspect(options?: StoreInspectOptions): Promise<StoreInspection<V>>;
}

/** Whether a store has `inspect`. */
export declare function isInspectableStore(store: unknown): store is InspectableStore;
