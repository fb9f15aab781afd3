import type { BufferInspection, DeserializeLimits, NodeBuffer, SerializedCacheValue } from './payloads.js';

/** Stands for `null` and `undefined` where values are stored: `__hybridcache_null__`. */
export declare const NULL_SENTINEL: '__hybridcache_null__';
/** Packed values of at least this number of bytes are gzipped, if that pays: 65,536. */
export declare const GZIP_MIN_BYTES: 65_536;
/** The share of bytes that gzip has to save: 0.15. */
export declare const GZIP_SAVINGS_THRESHOLD: 0.15;

/**
 * A value as it is stored: `HC1M` and MessagePack in the dialect of the npm package `msgpackr`; `HC1G` and the same
 * gzipped, from {@link GZIP_MIN_BYTES} on where that saves {@link GZIP_SAVINGS_THRESHOLD}; `HC1J` and JSON while the
 * environment has `CACHE_FORMAT=json` or `CACHE_DEBUG_SERIALIZATION=true`. `null` and `undefined` become {@link
 * NULL_SENTINEL}. For a value that cannot be packed it throws the error of packing.
 */
export declare function serialize(value: unknown): NodeBuffer;

/** The same as {@link serialize}, with sizes. */
export declare function serializeWithStats(value: unknown): SerializedCacheValue;

/**
 * The value of a payload. Bytes without a prefix are tried as MessagePack, then as JSON; a string is tried as JSON,
 * else returned. `null` for `null`, `undefined`, {@link NULL_SENTINEL} and bytes that cannot be read: it never throws
 * for its input. A value that is neither bytes nor text is returned as it is.
 */
export declare function deserialize<V = any>(data: unknown, limits?: DeserializeLimits): V | null;

/** How bytes are encoded, how many there are, and their value. */
export declare function inspectBuffer<V = any>(data: Uint8Array, limits?: DeserializeLimits): BufferInspection<V>;

/**
 * Bytes of a text, or of the JSON of any other value. 0 for `null`, `undefined` and values that JSON has no text for,
 * such as one that contains itself.
 */
export declare function estimateValueBytes(value: unknown): number;

/** The share that compression saves, from 0 to 1: 0.9 when a tenth is left. Takes bytes or their number. */
export declare function getCompressionSavings(
  originalBytes: number | Uint8Array,
  storedBytes: number | Uint8Array,
): number;

/**
 * The share of its text's size that a value saves where it is stored, from 0 to 1: `sizeSavings(25, 100)` is 0.75.
 * Takes bytes or their number.
 */
export declare function sizeSavings(
  serializedBytes: number | Uint8Array,
  deserializedBytes: number | Uint8Array,
): number;

/**
 * Whether a packed value is stored gzipped: it has {@link GZIP_MIN_BYTES}, and gzip saves {@link
 * GZIP_SAVINGS_THRESHOLD}. `false` without `gzippedBytes`. Takes bytes or their number.
 */
export declare function shouldGzip(originalBytes: number | Uint8Array, gzippedBytes?: number | Uint8Array): boolean;

/**
 * Whether bytes begin with one of the three prefixes, or with the one given: any bytes, or one of the three as text.
 */
export declare function hasPrefix(bytes: Uint8Array, prefix?: Uint8Array | 'HC1M' | 'HC1G' | 'HC1J'): boolean;

/**
 * The bytes after one of the three prefixes, or after the one given, in the same memory; all of the bytes if they do
 * not begin with it.
 */
export declare function stripPrefix(bytes: Uint8Array, prefix?: Uint8Array | 'HC1M' | 'HC1G' | 'HC1J'): NodeBuffer;
