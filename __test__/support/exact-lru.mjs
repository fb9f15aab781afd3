// The calls of a cache beside a model of an exact LRU.
import assert from 'node:assert/strict';
import { numbers } from './numbers.mjs';

/** An exact LRU. */
class Model {
  #entries = new Map();

  constructor(capacity) {
    this.capacity = capacity;
  }

  get size() {
    return this.#entries.size;
  }

  has(key) {
    return this.#entries.has(key);
  }

  get(key) {
    if (!this.#entries.has(key)) return undefined;
    const value = this.#entries.get(key);
    this.set(key, value);
    return value;
  }

  set(key, value) {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.capacity) this.#entries.delete(this.#entries.keys().next().value);
  }

  delete(key) {
    this.#entries.delete(key);
  }

  deleteWhere(matches) {
    for (const key of [...this.#entries.keys()].filter(matches)) this.#entries.delete(key);
  }
}

/** The steps, with the cache and with the model, and their outcomes. */
const STEPS = {
  get: async (cache, model, key) => assert.equal(await cache.get(key), model.get(key)),
  has: async (cache, model, key) => assert.equal(await cache.has(key), model.has(key)),
  size: async (cache, model) => assert.equal(await cache.size(), model.size),
  set: async (cache, model, key, value) => {
    model.set(key, value);
    await cache.set(key, value);
  },
  delete: async (cache, model, key) => {
    model.delete(key);
    await cache.delete(key);
  },
  getOrSet: async (cache, model, key, value) => {
    const expected = model.get(key) ?? value;
    model.set(key, expected);
    assert.equal(await cache.getOrSet(key, () => value), expected);
  },
  deleteByPattern: async (cache, model, key) => {
    const start = key.slice(0, 3);
    model.deleteWhere((other) => other.startsWith(start));
    await cache.deleteByPattern(`${start}*`);
  },
};

/** How often each step comes, and how many keys there are for each entry that fits. */
export const MIXES = {
  'mostly writes': [{ set: 60, get: 3, has: 1, delete: 1, getOrSet: 1, size: 0.3, deleteByPattern: 0.1 }, 3],
  'writes between reads': [{ set: 10, get: 10, has: 3, delete: 1, getOrSet: 3, size: 0.2, deleteByPattern: 0.05 }, 2],
  'nearly all fits': [{ set: 20, get: 10, has: 1, delete: 4, getOrSet: 1, size: 1, deleteByPattern: 0.05 }, 1.02],
  'bursts of new keys': [{ set: 500, get: 1, has: 1, size: 1, delete: 1, getOrSet: 1 }, 20],
};

const keyOf = (n) => `${n % 2 === 0 ? 'é𝄞' : 'k'}${n}:${'x'.repeat(n % 7 === 0 ? 130 : n % 11)}`;

export async function compare(caches, capacity, [mix, keysPerEntry], steps) {
  const next = numbers(capacity + steps);
  const lots = Object.entries(mix).flatMap(([name, often]) => Array(Math.round(often * 20)).fill(name));
  const keys = Array.from({ length: Math.ceil(capacity * keysPerEntry) }, (_, n) => keyOf(n));
  const model = new Model(capacity);
  for (let step = 0; step < steps; step += 1) {
    const name = lots[next(lots.length)];
    const cache = caches[next(caches.length)];
    await STEPS[name](cache, model, keys[next(keys.length)], step);
  }
  for (const key of keys) assert.equal(await caches[0].has(key), model.has(key), key);
}
