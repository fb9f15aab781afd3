import { MapStore } from './map-store.mjs';

const METHODS = ['get', 'set', 'has', 'delete', 'deleteByPattern', 'clear', 'size'];

/** A store whose methods fail as told: `fail("reject", "get", "set")`, and work again after `heal()`. */
export class FaultyStore extends MapStore {
  constructor(entries) {
    super(entries);
    this.error = new Error('store is down');
    this.faults = new Map();
    for (const method of METHODS) {
      const working = this[method];
      this[method] = (...args) => this.#answer(method, args, working);
    }
  }

  /** `how`: "reject" (a rejected promise), "throw" (at the call), "hang" (never settles). */
  fail(how, ...methods) {
    for (const method of methods.length > 0 ? methods : METHODS) this.faults.set(method, how);
    return this;
  }

  heal() {
    this.faults.clear();
  }

  #answer(method, args, working) {
    const how = this.faults.get(method);
    if (how === undefined) return working.apply(this, args);
    this.calls.push({ method, args });
    if (how === 'throw') throw this.error;
    if (how === 'hang') return new Promise(() => {});
    return Promise.reject(this.error);
  }
}
