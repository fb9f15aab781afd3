// A custom layer: it answers at once or late, may be held, and fails if it is told to.
import { now } from './history.mjs';
import { matches } from './keys.mjs';

/** Storage keys of `versioning` end with their generation. */
const plain = (stored) => stored.replace(/::v\d+$/, '');

export class ModelStore {
  #entries = new Map();
  /** A delete or write of it failed: its values may be older than they should be. */
  #failedKeys = new Set();

  /**
   * @param {object} how
   * @param {import('./random.mjs').Random} how.random
   * @param {import('./held.mjs').Held} how.held
   * @param {number} [how.holds] so many of 100 calls are held
   * @param {number} [how.fails] so many fail
   * @param {boolean} [how.locks] whether it can lock
   * @param {boolean} [how.many] whether it can be asked for several keys at once
   * @param {object} hears what the run is told: `served`, `storing`, `stored`, `deleted`, `excused`
   */
  constructor({ random, held, holds = 15, fails = 0, locks = false, many = false }, hears) {
    Object.assign(this, { random, held, holds, fails, hears });
    if (!locks) this.acquireLock = undefined;
    if (!many) Object.assign(this, { getMany: undefined, setMany: undefined, deleteMany: undefined });
  }

  get(key) {
    return this.#run('get', () => {
      const value = this.#live(key);
      if (value !== undefined) this.hears.served(plain(key), value);
      return value;
    }).then?.((value) => {
      if (value !== undefined) this.hears.served(plain(key), value);
      return value;
    });
  }

  set(key, value, { ttlMs = Number.POSITIVE_INFINITY } = {}) {
    const isStored = this.hears.storing(plain(key), value);
    const answer = this.#run('set', () => this.#put(key, value, ttlMs), [key]);
    answer.then(isStored, isStored);
    return answer;
  }

  has(key) {
    return this.#run('has', () => this.#live(key) !== undefined);
  }

  delete(key) {
    return this.#run(
      'delete',
      () => {
        this.#entries.delete(key);
        this.hears.deleted(plain(key));
      },
      [key],
    );
  }

  getMany(keys) {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  setMany(entries, options) {
    return Promise.all(entries.map(([key, value]) => this.set(key, value, options)));
  }

  deleteMany(keys) {
    return Promise.all(keys.map((key) => this.delete(key)));
  }

  deleteByPattern(pattern) {
    const matching = () => [...this.#entries.keys()].filter((key) => matches(pattern, key));
    return this.#run('deleteByPattern', () => matching().forEach((key) => this.#entries.delete(key)), matching());
  }

  size() {
    return this.#run('size', () => [...this.#entries.keys()].filter((key) => this.#live(key) !== undefined).length);
  }

  #locks = new Map();

  async acquireLock(key, token, ttlMs) {
    const lock = this.#locks.get(key);
    if (lock !== undefined && lock.until > now()) return false;
    this.#locks.set(key, { token, until: now() + ttlMs });
    return true;
  }

  async releaseLock(key, token) {
    if (this.#locks.get(key)?.token !== token) return false;
    return this.#locks.delete(key);
  }

  #live(key) {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.until > now() ? entry.value : undefined;
  }

  #put(key, value, ttlMs) {
    const until = now() + ttlMs;
    this.#entries.set(key, { value, until });
    this.hears.stored(plain(key), value, until);
    if (this.#failedKeys.has(key)) this.hears.excused(plain(key), value);
  }

  #excuse(keys) {
    for (const key of keys) {
      this.#failedKeys.add(key);
      const entry = this.#entries.get(key);
      if (entry !== undefined) this.hears.excused(plain(key), entry.value);
    }
  }

  /** Answers in one of many ways: as a value, a promise, or one that is held before or after the work. */
  #run(name, work, changed = []) {
    const { random } = this;
    const how = random.weighted({
      promise: 70 - this.holds / 2,
      turn: 15,
      before: this.holds / 2,
      after: this.holds / 2,
    });
    if (random.chance(this.fails)) {
      this.#excuse(changed);
      const error = new Error(`own store fails: ${name}`);
      if (how === 'turn' && name !== 'set') throw error;
      return Promise.reject(error);
    }
    const label = `store ${name}`;
    if (how === 'before') return this.held.wait(label).then(work);
    if (how === 'after') return this.#after(work(), label);
    if (how === 'turn') return new Promise((resolve) => setImmediate(resolve)).then(work);
    return Promise.resolve(work());
  }

  async #after(answer, label) {
    await this.held.wait(label);
    return answer;
  }
}
