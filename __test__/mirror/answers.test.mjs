// Answers and writes of the mirror cannot be told from those of the layer: the same calls beside a model of an exact
// LRU.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { compare, MIXES } from '../support/exact-lru.mjs';
import { survivors } from '../support/garbage.mjs';

for (const [name, mix] of Object.entries(MIXES)) {
  for (const capacity of [1, 15, 16, 40, 1000, 3000]) {
    test(`${name}: a cache of ${capacity} entries behaves as an exact LRU`, async () => {
      const cache = new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries: capacity } } });
      await compare([cache], capacity, mix, 20_000);
    });
  }

  test(`${name}: a memory store under two caches behaves as an exact LRU`, async () => {
    const l1 = new MemoryStore({ ttlMs: Infinity, levels: { L1: { maxEntries: 100 } } });
    const caches = [new LazyLayersCache({ l1, ttlMs: Infinity }), new LazyLayersCache({ l1, ttlMs: Infinity }), l1];
    await compare(caches, 100, mix, 20_000);
  });
}

test('caches of several worker threads at once each behave as an exact LRU', async () => {
  const program = new URL('../support/exact-lru-worker.mjs', import.meta.url);
  const workers = Object.keys(MIXES).map((mix, at) => new Worker(program, { workerData: { mix, capacity: 50 + at } }));
  const ends = workers.map((worker) => once(worker, 'exit'));
  for (const [code] of await Promise.all(ends)) assert.equal(code, 0);
});

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

test('an evicted value is not kept for longer than the next sixteenth of the entries takes', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 160 } } });
  const values = [];
  for (let n = 0; n < 700; n += 1) {
    const value = { n };
    values.push(new WeakRef(value));
    await cache.set(`key:${n}`, value);
  }
  assert.ok((await survivors(values)) <= 160 + 10);
});
