import type { BufferInspection, DeserializeLimits, NodeBuffer, SerializedCacheValue } from './payloads.js';

/** Stands for `null` and `undefined` where values are stored: `__hybridcache_null__`. */
export declare const NULL_SENTINEL: string;
/** Packed values of so many bytes and more are gzipped, if that pays: 65,536. */
export declare const GZIP_MIN_BYTES: number;
/** The share of bytes that gzip has to save: 0.15. */
export declare const GZIP_SAVINGS_THRESHOLD: number;

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
 * The value of a payload. Bytes without a prefix are tried as MessagePack, then as JSON; a string is tried as JSON, else
 * given back. `null` for `null`, `undefined` and bytes that cannot be read: it never throws for what it is given to read.
 * @throws TypeError with code `INVALID_ARGUMENT` when `data` is nothing that can be read at all, such as a number
 */
export declare function deserialize<V = any>(
  data: Uint8Array | ArrayBufferLike | string | null | undefined,
  limits?: DeserializeLimits,
): V | null;

/** How bytes are encoded, how many there are, and their value. */
export declare function inspectBuffer<V = any>(data: Uint8Array, limits?: DeserializeLimits): BufferInspection<V>;

/** An estimate of the memory that a value takes, in bytes. */
export declare function estimateValueBytes(value: unknown): number;

/** The share that compression saves: 0.9 when a tenth is left, below 0 when bytes were added. Takes bytes or their number. */
export declare function getCompressionSavings(original: number | Uint8Array, compressed: number | Uint8Array): number;

/** The share that a value takes less where it is stored than in memory, from 0 to 1. Takes bytes or their number. */
export declare function sizeSavings(inMemory: number | Uint8Array, stored: number | Uint8Array): number;

/**
 * Whether a packed value is stored gzipped: it has {@link GZIP_MIN_BYTES}, and gzip saves {@link GZIP_SAVINGS_THRESHOLD}.
 * Without `gzipped`: whether gzip is tried. Takes bytes or their number.
 */
export declare function shouldGzip(packed: number | Uint8Array, gzipped?: number | Uint8Array): boolean;

/** Whether bytes begin with one of the three prefixes, or with the one given. */
export declare function hasPrefix(bytes: Uint8Array, prefix?: 'HC1M' | 'HC1G' | 'HC1J'): boolean;

/** What follows the prefix, in the same memory; all of the bytes when there is none. */
export declare function stripPrefix(bytes: Uint8Array): NodeBuffer;
