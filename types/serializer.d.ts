import type { BufferInspection, DeserializeLimits, NodeBuffer, SerializedCacheValue } from './payloads.js';

/** Stands for `null` and `undefined` where values are stored: `__hybridcache_null__`. */
export declare const NULL_SENTINEL: '__hybridcache_null__';
/** Packed values of so many bytes and more are gzipped, if that pays: 65,536. */
export declare const GZIP_MIN_BYTES: 65_536;
/** The share of bytes that gzip has to save: 0.15. */
export declare const GZIP_SAVINGS_THRESHOLD: 0.15;

/**
 * A value as it is stored: `HC1M` and MessagePack in the dialect of the npm package `msgpackr`; `HC1G` and the same
 * gzipped, from {@link GZIP_MIN_BYTES} on where that saves {@link GZIP_SAVINGS_THRESHOLD}; `HC1J` and JSON while the
 * environment has `CACHE_FORMAT=json` or `CACHE_DEBUG_SERIALIZATION=true`. `null` and `undefined` become
 * {@link NULL_SENTINEL}. A value that cannot be packed throws what packing threw.
 */
export declare function serialize(value: unknown): NodeBuffer;

/** The same as {@link serialize}, with sizes. */
export declare function serializeWithStats(value: unknown): SerializedCacheValue;

/**
 * The value of a payload. Bytes without a prefix are tried as MessagePack, then as JSON; a string is tried as JSON,
 * else returned. `null` for `null`, `undefined`, {@link NULL_SENTINEL} and bytes that cannot be read: it never throws
 * for what it is given to read. What is neither bytes nor text is returned as it is.
 */
export declare function deserialize<V = any>(data: unknown, limits?: DeserializeLimits): V | null;

/** How bytes are encoded, how many there are, and their value. */
export declare function inspectBuffer<V = any>(data: Uint8Array, limits?: DeserializeLimits): BufferInspection<V>;

/**
 * Bytes of a text, or of the JSON of any other value. 0 for `null`, `undefined` and what JSON has no text for, such as
 * a value that holds itself.
 */
export declare function estimateValueBytes(value: unknown): number;

/** The share that compression saves, from 0 to 1: 0.9 when a tenth is left. Takes bytes or their number. */
export declare function getCompressionSavings(
  originalBytes: number | Uint8Array,
  storedBytes: number | Uint8Array,
): number;

/**
 * The share that a value takes less where it is stored than as text, from 0 to 1: `sizeSavings(25, 100)` is 0.75. Takes
 * bytes or their number.
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
 * What follows one of the three prefixes, or the one given, in the same memory; all of the bytes when they do not begin
 * with it.
 */
export declare function stripPrefix(bytes: Uint8Array, prefix?: Uint8Array | 'HC1M' | 'HC1G' | 'HC1J'): NodeBuffer;
