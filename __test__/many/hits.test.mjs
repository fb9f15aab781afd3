// `getMany` records the hits of an array together. Nothing tells it from a `get` of each key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';

const ENTRIES = 3000;
const keysOf = (count, from = 0) => Array.from({ length: count }, (_, at) => `key:${from + at}`);

async function filled(options = {}) {
  const cache = new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries: ENTRIES } }, ...options });
  await cache.setMany(keysOf(ENTRIES).map((key) => [key, key]));
  return cache;
}

test('the keys of an array become the most recently used, in order, also more of them than the journal holds', async () => {
  const cache = await filled();
  const read = keysOf(2500).reverse();
  const found = await cache.getMany([...read, ...read.slice(0, 300)]);
  assert.deepEqual([...found.keys()], read);
  // Those that were not read leave first, then those that were read first.
  for (const key of keysOf(600, ENTRIES)) await cache.set(key, key);
  const gone = keysOf(ENTRIES).filter((key) => cache.peek(key) === undefined);
  assert.deepEqual(gone, [...keysOf(500, 2500), ...keysOf(100, 2400)].sort(byNumber));
  await cache.close();
});

const byNumber = (one, other) => Number(one.slice(4)) - Number(other.slice(4));

for (const policy of ['lru', 's3fifo']) {
  test(`${policy}: a hit is counted once for each key, in an array and in another iterable`, async () => {
    const cache = await filled({ levels: { L1: { maxEntries: ENTRIES, policy } } });
    const keys = [...keysOf(1000), 'key:1', 'key:none', ...keysOf(1000, 500), 7];
    for (const [at, given] of [keys, keys.values()].entries()) {
      const found = await cache.getMany(given);
      assert.deepEqual(
        [...found],
        keysOf(1500).map((key) => [key, key]),
      );
      const { hits, misses } = cache.stats();
      assert.deepEqual([hits.L1, misses.L1], [1500 * (at + 1), 2 * (at + 1)]);
    }
    await cache.close();
  });
}

test('of two caches over a layer each counts the hits of its own calls', async () => {
  const l1 = new MemoryStore({ maxEntries: ENTRIES });
  const [one, other] = [new LazyLayersCache({ l1 }), new LazyLayersCache({ l1 })];
  await one.setMany(keysOf(400).map((key) => [key, key]));
  await one.getMany(keysOf(300));
  await other.getMany(keysOf(400));
  assert.deepEqual([one.stats().hits.L1, other.stats().hits.L1], [300, 400]);
  await Promise.all([one.close(), other.close()]);
});

test('handlers hear of each hit, in order', async () => {
  const cache = await filled();
  const heard = [];
  cache.on(({ key }) => heard.push(key), { types: ['hit'] });
  await cache.getMany(keysOf(6));
  await cache.close();
  assert.deepEqual(heard, keysOf(6));
});
