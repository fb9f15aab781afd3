// The types of src/bridge.js, the part of an environment that the facades of all realms share.

import type { Raw } from './contract/raw.js';

/** Registries that release something of the addon when its object is garbage. */
type Registry = FinalizationRegistry<number>;
type Released = 'adapter' | 'breaker' | 'bus' | 'busOwner' | 'cache' | 'redisStore' | 'storage';

/** The JavaScript side of an environment. */
export interface Bridge {
  readonly raw: Raw;
  /** Answers that came later. */
  readonly out: Float64Array;
  /** Options of a call or of a new cache. */
  readonly params: Float64Array;
  /** Texts among them. */
  readonly texts: (string | number)[];
  /** The time, and whose it is. */
  readonly clock: Float64Array;
  /** Work that has come up by the end of a call. */
  readonly pending: Uint32Array;
  /** Until when the load of a request may be joined, by id. */
  readonly joinable: Float64Array;
  /** The bytes of a small value that the addon hands over. */
  readonly scratch: Buffer;
  /** A number that comes with a value. */
  readonly transfer: Float64Array;
  /** Requests under way, by id. Those of another copy of this package are of a class of its own. */
  readonly requests: (import('./request.js').Request | undefined)[];
  /** The names of each shape that records name, by its number. */
  readonly shapes: string[][];
  readonly released: Readonly<Record<Released, Registry>>;
  /** The log for cases that need help, `LAZY_LOG`: by its filter. */
  startLog(filter: string): void;
  /** A load that is led in JavaScript began. */
  loadBegan(): void;
  /** It is over. */
  loadEnded(): void;
  /** The number of the next adapter or owner of a bus. */
  nextAdapter: number;
  float64(length: number): Float64Array;
  uint32(length: number): Uint32Array;
  uint8(length: number): Uint8Array;
  /** A text that is appended to, in an array that Rust keeps. */
  growingText(): [string];
  addAdapter(adapter: import('./adapter.js').Adapter): void;
  addBus(owner: object, number: number): void;
}
