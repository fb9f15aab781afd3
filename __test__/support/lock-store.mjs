import { MapStore } from './map-store.mjs';

/** A shared store with a lock per key, as a distributed L2 has one. */
export class LockStore extends MapStore {
  constructor(entries) {
    super(entries);
    this.locks = new Map();
    this.acquired = [];
    this.released = [];
  }

  async acquireLock(key, token, ttlMs) {
    this.acquired.push({ key, token, ttlMs });
    if (this.locks.has(key)) return false;
    this.locks.set(key, token);
    return true;
  }

  async releaseLock(key, token) {
    this.released.push({ key, token });
    if (this.locks.get(key) !== token) return false;
    this.locks.delete(key);
    return true;
  }
}
