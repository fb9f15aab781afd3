/** How a stored value is encoded. */
export type CacheEncoding = 'msgpack' | 'msgpack-gzip' | 'json';

/** `Buffer`, where the types of Node.js are there. */
export type NodeBuffer = typeof globalThis extends { Buffer: { alloc(size: number): infer B } } ? B : Uint8Array;

/** A payload, and its sizes. */
export interface SerializedCacheValue {
  /** The payload: a prefix of four bytes and the encoded value. */
  buffer: NodeBuffer;
  /** How the value is encoded. */
  encoding: CacheEncoding;
  /** Bytes of the encoded value before compression, without a prefix. */
  originalBytes: number;
  /** Bytes of the payload. */
  storedBytes: number;
  /** The share of `originalBytes` that gzip saves, from 0 to 1; 0 when the value is not compressed. */
  compressionRatio: number;
  /** Whether it is gzipped. */
  compressed: boolean;
}

/** A look at stored bytes. */
export interface BufferInspection<V = any> {
  /** How they are encoded; `legacy` without a prefix. */
  encoding: CacheEncoding | 'legacy';
  /** How many there are. */
  storedBytes: number;
  /** The value; `null` also when it cannot be read. */
  value: V;
}

/** Limits for reading a value. A value beyond them is refused before memory is taken for it. */
export interface DeserializeLimits {
  /** Levels of nesting, a positive integer. Default: 4096. */
  maxDepth?: number | undefined;
  /** Bytes of the value, once inflated, a positive integer. Default: 268,435,456 (256 MiB). */
  maxBytes?: number | undefined;
}
