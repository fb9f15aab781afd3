/** What to list. */
export interface StoreInspectOptions {
  /** Where to go on: the `cursor` of the page before. Default: the beginning. */
  cursor?: string | undefined;
  /** The most entries of a page, from 1 to 10,000. Default: 100. */
  limit?: number | undefined;
  /** A pattern (`*`, `?`) that the keys match. Default: `*`. */
  match?: string | undefined;
  /** Whether to give the values too. Default: `true`. */
  values?: boolean | undefined;
}

/** One entry of a store. */
export interface KeyInspection<V = unknown> {
  /** The key. */
  key: string;
  /** Milliseconds until the entry expires; `null`: it does not. */
  ttlRemainingMs: number | null;
  /** Size in bytes as a shared layer would store it: packed as MessagePack, with its prefix. 0 if it cannot be packed. */
  serializedBytes: number;
  /** Estimate of the memory it takes, in bytes. */
  deserializedBytes: number;
  /** `serializedBytes / deserializedBytes`. */
  compressionRatio: number;
  /** The encoding that `serializedBytes` is of. */
  encoding: 'msgpack' | 'msgpack-gzip' | 'json' | 'legacy' | (string & {});
  /** The value, unless `values` is `false`. */
  value?: V;
  /** `true` when the value was too large to be given whole. */
  truncated?: boolean;
}

/** One page of a store. */
export interface StoreInspection<V = unknown> {
  /** Entries in the store, on this page or not. */
  size: number;
  /** Where the next page begins. Absent on the last one. */
  cursor?: string;
  /** The entries of this page. A page may be short, or empty, and still have a `cursor`. */
  keys: KeyInspection<V>[];
}

/** A store that can be looked into. Looking changes nothing: not the order of eviction, not a lifetime. */
export interface InspectableStore<V = unknown> {
  /** One page of entries. Rejects with code `INVALID_OPTION` when an option is not what it may be. */
  inspect(options?: StoreInspectOptions): Promise<StoreInspection<V>>;
}
