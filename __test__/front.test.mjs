// What is answered and taken in front of the memory layer shows in nothing: the same calls beside a model of an exact LRU.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { deferred, until } from './support/deferred.mjs';
import { survivors } from './support/garbage.mjs';
import { numbers } from './support/numbers.mjs';

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

/** What may be done, with the cache and with the model, and what has to come of it. */
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
const MIXES = {
  'mostly writes': [{ set: 60, get: 3, has: 1, delete: 1, getOrSet: 1, size: 0.3, deleteByPattern: 0.1 }, 3],
  'writes between reads': [{ set: 10, get: 10, has: 3, delete: 1, getOrSet: 3, size: 0.2, deleteByPattern: 0.05 }, 2],
  'nearly all fits': [{ set: 20, get: 10, has: 1, delete: 4, getOrSet: 1, size: 1, deleteByPattern: 0.05 }, 1.02],
  'bursts of new keys': [{ set: 500, get: 1, has: 1, size: 1, delete: 1, getOrSet: 1 }, 20],
};

const keyOf = (n) => `${n % 2 === 0 ? 'é𝄞' : 'k'}${n}:${'x'.repeat(n % 7 === 0 ? 130 : n % 11)}`;

async function compare(caches, capacity, [mix, keysPerEntry], steps) {
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

for (const [name, mix] of Object.entries(MIXES)) {
  for (const capacity of [1, 15, 16, 40, 1000, 3000]) {
    test(`${name}: a cache of ${capacity} entries does what an exact LRU does`, async () => {
      const cache = new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries: capacity } } });
      await compare([cache], capacity, mix, 20_000);
    });
  }

  test(`${name}: a memory store under two caches does what an exact LRU does`, async () => {
    const l1 = new MemoryStore({ ttlMs: Infinity, levels: { L1: { maxEntries: 100 } } });
    const caches = [new LazyLayersCache({ l1, ttlMs: Infinity }), new LazyLayersCache({ l1, ttlMs: Infinity }), l1];
    await compare(caches, 100, mix, 20_000);
  });
}

test('a key that was found absent and then stored is not taken for absent once it has expired', async () => {
  const cache = new LazyLayersCache({ ttlMs: 30, negativeCache: { ttlMs: 3_600_000 } });
  await cache.getOrSet('key', () => undefined);
  await cache.set('key', 1);
  await until(async () => !(await cache.has('key')), 'it expires');
  assert.equal(await cache.getOrSet('key', () => 2), 2);
});

test('a value that was replaced before it expired stays, whatever else waits to be stored', async () => {
  const cache = new LazyLayersCache({ ttlMs: 1000 });
  await cache.set('key', 1);
  assert.equal(await cache.size(), 1);
  await sleep(600);
  // The first hit after a pause is answered by a call, which starts the clock of the front.
  await cache.get('key');
  await cache.set('other', 1);
  await cache.set('key', 2);
  await sleep(600);
  assert.equal(await cache.size(), 2);
  assert.equal(await cache.get('key'), 2);
});

test('values that wait to be stored expire', async () => {
  const cache = new LazyLayersCache({ ttlMs: 50 });
  await cache.set('first', 1);
  for (let n = 0; n < 100; n += 1) await cache.set(`key:${n}`, n);
  await until(async () => !(await cache.has('key:99')), 'they expire');
  assert.equal(await cache.size(), 0);
});

test('a load that began before a value was stored does not replace it', async () => {
  const cache = new LazyLayersCache();
  const gate = deferred();
  const loading = cache.getOrSet('key', () => gate.promise);
  await cache.set('key', 'stored');
  await cache.set('other', 'stored');
  gate.resolve('loaded');
  await loading;
  assert.deepEqual([await cache.get('key'), await cache.get('other')], ['stored', 'stored']);
});

test('what makes room is not kept for longer than the next sixteenth of the entries takes', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 160 } } });
  const values = [];
  for (let n = 0; n < 700; n += 1) {
    const value = { n };
    values.push(new WeakRef(value));
    await cache.set(`key:${n}`, value);
  }
  assert.ok((await survivors(values)) <= 160 + 10);
});
