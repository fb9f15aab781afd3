// Under s3fifo hits only count uses, and evicting writes wait in front of the layer: neither shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { survivors } from '../support/garbage.mjs';

const cacheOf = (maxEntries, options = {}) =>
  new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries, policy: 's3fifo' } }, ...options });

/** Whole numbers below a bound, the same in each run. */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (const maxEntries of [1, 15, 16, 40, 1000, 3000]) {
  test(`a cache of ${maxEntries} entries answers the last value of a key, keeps its bound, and counts`, async () => {
    const cache = cacheOf(maxEntries);
    const random = randomOf(maxEntries);
    /** The last value of each key that was not deleted since. */
    const last = new Map();
    const counted = { hits: 0, misses: 0, sets: 0 };
    for (let step = 0; step < 20_000; step += 1) {
      const key = `key:${random(2) === 0 ? random(maxEntries * 3) : random(Math.ceil(maxEntries / 4))}`;
      const kind = random(100);
      if (kind < 50) {
        const found = await cache.get(key);
        if (found === undefined) counted.misses += 1;
        else counted.hits += 1;
        if (found !== undefined) assert.equal(found, last.get(key));
      } else if (kind < 90) {
        await cache.set(key, step);
        counted.sets += 1;
        last.set(key, step);
      } else if (kind < 96) {
        await cache.delete(key);
        last.delete(key);
      } else if (kind < 99) {
        assert.ok(!(await cache.has(key)) || last.has(key));
      } else {
        assert.ok((await cache.size()) <= maxEntries);
      }
    }
    const stats = cache.stats();
    assert.deepEqual({ hits: stats.hits.L1, misses: stats.misses.L1, sets: stats.sets }, counted);
    let held = 0;
    for (const key of last.keys()) held += Number(await cache.has(key));
    assert.equal(held, await cache.size());
    await cache.close();
  });
}

test('new keys make room for each other, one for one', async () => {
  const cache = cacheOf(100);
  for (let n = 0; n < 1000; n += 1) {
    await cache.set(`key:${n}`, n);
    if (n % 97 === 0) assert.equal(await cache.size(), Math.min(n + 1, 100));
  }
  assert.equal(await cache.size(), 100);
  assert.equal(cache.stats().evictions.capacity, 900);
});

test('uses of entries count from before the arrays grew', async () => {
  const cache = cacheOf(3000);
  for (let n = 0; n < 200; n += 1) await cache.set(`hot:${n}`, n);
  for (let round = 0; round < 2; round += 1) for (let n = 0; n < 200; n += 1) await cache.get(`hot:${n}`);
  for (let n = 0; n < 10_000; n += 1) await cache.set(`once:${n}`, n);
  for (let n = 0; n < 200; n += 1) assert.equal(await cache.get(`hot:${n}`), n);
});

test('an entry in a place that another has left begins without uses', async () => {
  const cache = cacheOf(100);
  for (let n = 0; n < 100; n += 1) await cache.set(`first:${n}`, n);
  for (let round = 0; round < 3; round += 1) for (let n = 0; n < 100; n += 1) await cache.get(`first:${n}`);
  await cache.clear();
  for (let n = 0; n < 100; n += 1) await cache.set(`second:${n}`, n);
  for (let n = 0; n < 100; n += 1) await cache.set(`third:${n}`, n);
  for (let n = 0; n < 100; n += 1) assert.equal(await cache.has(`second:${n}`), false);
});

test('a key that is read while it is about to make room is answered, and stays', async () => {
  const cache = cacheOf(160);
  for (let n = 0; n < 160; n += 1) await cache.set(`key:${n}`, n);
  // The next ten entries to leave are known from here on.
  await cache.set('more', 0);
  assert.equal(await cache.get('key:3'), 3);
  for (let n = 0; n < 100; n += 1) await cache.set(`more:${n}`, n);
  assert.deepEqual([await cache.has('key:2'), await cache.has('key:3')], [false, true]);
});

test('an evicted value is not kept for longer than the next sixteenth of the entries takes', async () => {
  const cache = cacheOf(160);
  const values = [];
  for (let n = 0; n < 700; n += 1) {
    const value = { n };
    values.push(new WeakRef(value));
    await cache.set(`key:${n}`, value);
  }
  assert.ok((await survivors(values)) <= 160 + 10);
});
