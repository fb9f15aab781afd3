// `cache.advice()`: caches of other sizes, simulated by a sample of the keys, beside exact ones.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, createCache } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';

const require = createRequire(import.meta.url);
const { WhatIf } = require('../lib/what-if/index.js');

/** Random numbers, the same in each run. */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Keys of a skewed load, with a scan in between: the n-th key is asked for about 1 / n as often as the first. */
function* trace(requests) {
  const random = randomOf(7);
  for (let n = 0; n < requests; n += 1) {
    if (n % 5 === 0) yield `scan:${n}`;
    else yield `key:${Math.floor(30_000 ** random())}`;
  }
}

const REQUESTS = 200_000;
const traced = [...trace(REQUESTS)];

/** Exactly least recently used: a `Map` keeps the order of inserts. */
function exactLru(entries) {
  const held = new Map();
  return (key) => {
    const isHit = held.delete(key);
    held.set(key, true);
    if (held.size > entries) held.delete(held.keys().next().value);
    return isHit;
  };
}

/** The layer of a cache itself. */
async function measured(policy, maxEntries) {
  const store = new MemoryStore({ levels: { L1: { maxEntries, policy } } });
  let hits = 0;
  for (const key of traced) {
    if ((await store.get(key)) === undefined) await store.set(key, 1);
    else hits += 1;
  }
  return hits / REQUESTS;
}

function lruRatio(entries) {
  const read = exactLru(entries);
  return traced.filter((key) => read(key)).length / REQUESTS;
}

test('small caches are simulated exactly', async () => {
  const whatIf = new WhatIf(200, 1);
  for (const key of traced) whatIf.read(key);
  for (const { maxEntries, lru, s3fifo } of whatIf.estimates().filter((size) => size.maxEntries <= 1000)) {
    assert.deepEqual([lru.error, s3fifo.error], [0, 0]);
    assert.equal(lru.hitRatio.toFixed(6), lruRatio(maxEntries).toFixed(6), `lru, ${maxEntries}`);
    // The layer decides on some victims ahead.
    const ratio = await measured('s3fifo', maxEntries);
    assert.ok(Math.abs(s3fifo.hitRatio - ratio) < 0.01, `s3fifo, ${maxEntries}: ${s3fifo.hitRatio}, not ${ratio}`);
  }
});

test('of large ones the true hit ratio is within the error', async () => {
  const exact = new Map();
  for (const size of [2000, 4000, 8000, 16_000]) {
    exact.set(size, { lru: lruRatio(size), s3fifo: await measured('s3fifo', size) });
  }
  let within = 0;
  let all = 0;
  for (const seed of [1, 2, 3, 4, 5]) {
    const whatIf = new WhatIf(8000, seed);
    for (const key of traced) whatIf.read(key);
    for (const { maxEntries, ...estimates } of whatIf.estimates().filter((size) => exact.has(size.maxEntries))) {
      for (const policy of ['lru', 's3fifo']) {
        const { hitRatio, error } = estimates[policy];
        assert.ok(error > 0 && error < 0.03, `${policy}, ${maxEntries}: ${error}`);
        const off = Math.abs(hitRatio - exact.get(maxEntries)[policy]);
        assert.ok(off < 3 * error, `${policy}, ${maxEntries}: ${off} off, error ${error}`);
        within += Number(off <= error);
        all += 1;
      }
    }
  }
  assert.ok(within >= 0.9 * all, `${within} of ${all}`);
});

test('it takes less than 200 kB however large the cache is and however many keys it has', () => {
  const whatIf = new WhatIf(10_000_000, 1);
  for (let n = 0; n < 1_000_000; n += 1) whatIf.read(`key:${n}`);
  const buffers = new Set();
  const seen = new Set();
  const look = (object) => {
    if (object === null || typeof object !== 'object' || seen.has(object)) return;
    seen.add(object);
    if (ArrayBuffer.isView(object)) buffers.add(object.buffer);
    else Object.values(object).forEach(look);
  };
  look(whatIf);
  const bytes = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  // A view, a buffer or an object takes about 100 bytes.
  assert.ok(bytes + 100 * (seen.size + buffers.size) < 200_000, `${bytes} bytes, ${seen.size} objects`);
});

test('reads are counted from the first call on, once each, by every verb that reads', async () => {
  const cache = createCache({ levels: { L1: { maxEntries: 100 } } });
  await cache.get('before');
  assert.deepEqual(cache.advice(), { maxEntries: 100, policy: 'lru', reads: 0, sizes: [] });
  await cache.get('a');
  await cache.getOrSet('a', () => 1);
  await cache.getOrSet('a', () => 1);
  await cache.getOrSet('b', () => 1, { ttlMs: 1000 });
  await cache.getOrSetEntry('b', () => 1);
  await cache.getMany(['a', 'b', 'c']);
  await cache.getMany(['a', 'd'], (keys) => new Map(keys.map((key) => [key, 1])));
  await cache.namespace('of').get('a');
  await cache.get(7);
  await cache.set('e', 1);
  await cache.has('e');
  const { reads, sizes } = cache.advice();
  assert.equal(reads, 12);
  assert.deepEqual(
    sizes.map(({ maxEntries }) => maxEntries),
    [25, 50, 100, 200, 400, 800],
  );
  // The keys are a, b, c, d, of:a and 7.
  assert.equal(sizes[2].lru.hitRatio.toFixed(4), (6 / 12).toFixed(4));
});

/** The verbs that read a key, for caches of several kinds. */
const READS = {
  get: (cache, keys) => Promise.all(keys.map((key) => cache.get(key))),
  getOrSet: (cache, keys) => Promise.all(keys.map((key) => cache.getOrSet(key, () => 1))),
  'getOrSet with options': (cache, keys) =>
    Promise.all(keys.map((key) => cache.getOrSet(key, () => 1, { ttlMs: 1000 }))),
  getMany: (cache, keys) => cache.getMany(keys),
  'getMany with a loader': (cache, keys) => cache.getMany(keys, (missing) => missing),
  'getMany with options': (cache, keys) => cache.getMany(keys, (missing) => missing, { ttlMs: 1000 }),
  getEntry: (cache, keys) => Promise.all(keys.map((key) => cache.getEntry(key))),
  getOrSetEntry: (cache, keys) => Promise.all(keys.map((key) => cache.getOrSetEntry(key, () => 1))),
};
class Overriding extends LazyLayersCache {
  get(key) {
    return super.get(key);
  }
}
const CACHES = {
  'in memory': () => new LazyLayersCache(),
  'over a store of its own': () => new LazyLayersCache({ l2: new MapStore() }),
  'of copies': () => new LazyLayersCache({ l2: new MapStore(), levels: { L1: { values: 'copy' } } }),
  'of a subclass': () => new Overriding(),
};

for (const [kind, make] of Object.entries(CACHES)) {
  test(`${kind}: a read counts once, whether it finds something or not`, async () => {
    for (const [verb, read] of Object.entries(READS)) {
      const cache = make();
      cache.advice();
      await read(cache, ['a', 'b', 'c']);
      assert.equal(cache.advice().reads, 3, `${verb}, of keys that are not there`);
      await read(cache, ['a', 'b', 'c']);
      assert.equal(cache.advice().reads, 6, `${verb}, of keys that may be there`);
      await cache.close();
    }
  });
}

test('stopped, it answers once more, counts nothing, and begins anew when it is asked', async () => {
  const cache = createCache({ levels: { L1: { policy: 's3fifo' } } });
  cache.advice();
  await cache.get('a');
  assert.equal(cache.advice({ stop: true }).reads, 1);
  await cache.get('a');
  assert.deepEqual(cache.advice({ stop: true }), { maxEntries: 1000, policy: 's3fifo', reads: 0, sizes: [] });
  assert.equal(cache.advice().reads, 0);
  await cache.get('a');
  assert.equal(cache.advice().reads, 1);
});

test('a cache without a memory layer of the package, a closed one and other options are refused', async () => {
  const without = new LazyLayersCache({ l1: false });
  assert.throws(() => without.advice(), { code: 'NO_MEMORY_LAYER', message: /advice: needs the memory layer/ });
  const cache = new LazyLayersCache();
  assert.throws(() => cache.advice(null), { code: 'INVALID_ARGUMENT', message: /options must be an object, got null/ });
  assert.throws(() => cache.advice({ stop: 1 }), {
    code: 'INVALID_ARGUMENT',
    message: /options\.stop must be a boolean/,
  });
  await cache.close();
  assert.throws(() => cache.advice(), { code: 'CACHE_CLOSED' });
});

test('caches over one store have the bounds of the store', () => {
  const l1 = new MemoryStore({ levels: { L1: { maxEntries: 10, policy: 's3fifo' } } });
  const { maxEntries, policy } = new LazyLayersCache({ l1 }).advice();
  assert.deepEqual([maxEntries, policy], [10, 's3fifo']);
});
