// Types of what crosses between JavaScript and Rust by calls.
// Generated from src/contract by `npm run contract`.

import type { MessageFields } from './events.js';

/** What Rust has JavaScript do with users' objects; `T` is what it is done with. */
export interface Methods<T> {
  /** Reads an entry. */
  get(on: T, key: string): unknown;
  /** Stores an entry; a lifetime of NaN is the store's own. */
  set(on: T, key: string, slot: number, ttlMs: number, options: number): unknown;
  /** Looks for an entry. */
  has(on: T, key: string): unknown;
  /** Deletes an entry; with a version also the lock of the key that is stored without it. */
  delete(on: T, key: string, version: string | undefined): unknown;
  /** Deletes entries. */
  deleteByPattern(on: T, pattern: string): unknown;
  /** Counts entries. */
  size(on: T): unknown;
  /** Takes a lock. */
  acquireLock(on: T, key: string, token: string, ttlMs: number): unknown;
  /** Returns a lock. */
  releaseLock(on: T, key: string, token: string): unknown;
  /** Stores an entry while a lock is held: that of the key that is stored with this version. */
  setIfOwner(on: T, key: string, slot: number, ttlMs: number, token: string, version: string): unknown;
  /** Publishes a message. */
  publish(on: T, ...message: MessageFields): unknown;
}
