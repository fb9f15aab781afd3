import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { heldLoader } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';

test('reads of a disabled cache miss, loads run, and writes go on', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  await cache.set('k', 1);
  cache.disable();
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.has('k'), false);
  assert.equal(cache.peek('k'), undefined);
  assert.equal((await cache.getEntry('k')).source, 'none');
  assert.deepEqual([...(await cache.getMany(['k']))], []);
  assert.equal(await cache.getOrSet('k', () => 2), 2);
  assert.equal(await cache.getOrSet('k', () => 3), 3);
  await cache.set('other', 4);
  assert.equal(await cache.get('other'), undefined);
  cache.enable();
  assert.deepEqual([await cache.get('k'), await cache.get('other'), l2.map.get('k')], [3, 4, 3]);
});

test('a cache in memory alone, too, and its mirror answers again afterwards', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  cache.disable();
  assert.equal(await cache.getOrSet('k', () => 2), 2);
  assert.equal(await cache.get('k'), undefined);
  assert.deepEqual(cache.stats().misses.L1, 2);
  cache.enable('L1');
  assert.equal(await cache.get('k'), 2);
  assert.equal(await cache.getOrSet('k', () => 3), 2);
});

test('one layer is passed over and the other is not', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  await cache.set('k', 'both');
  l2.map.set('k', 'L2');
  cache.disable('L1');
  assert.equal(await cache.get('k'), 'L2');
  cache.disable('L2');
  cache.enable('L1');
  assert.equal(await cache.get('k'), 'both', 'L1 has what was set here');
  l2.map.set('only', 1);
  assert.equal(await cache.get('only'), undefined);
  assert.equal(await cache.has('only'), false);
});

test('a remembered absence is passed over with L1', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', () => undefined);
  cache.disable('L1');
  assert.equal(await cache.getOrSet('k', () => 1), 1);
});

test('calls for a key that is being loaded still share the load', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const before = cache.getOrSet('k', loader);
  cache.disable();
  const during = cache.getOrSet('k', loader);
  loader.resolve('v');
  assert.deepEqual(await Promise.all([before, during]), ['v', 'v']);
  assert.equal(loader.calls, 1);
  cache.enable();
  assert.equal(await cache.get('k'), 'v');
});

test('another cache over the same layer goes on', async () => {
  const l1 = new MemoryStore();
  const [off, on] = [new LazyLayersCache({ l1 }), new LazyLayersCache({ l1 })];
  off.disable();
  await off.set('k', 1);
  assert.deepEqual([await off.get('k'), await on.get('k')], [undefined, 1]);
});

test('a custom L1 is not asked', async () => {
  const l1 = new MapStore([['k', 1]]);
  const cache = new LazyLayersCache({ l1 });
  cache.disable('L1');
  assert.equal(await cache.get('k'), undefined);
  assert.deepEqual(l1.calls, []);
});

test('another layer is refused, and so is a closed cache', async () => {
  const cache = new LazyLayersCache();
  assert.throws(() => cache.disable('L3'), { code: 'INVALID_ARGUMENT', message: /layer must be "L1", "L2"/ });
  await cache.close();
  assert.throws(() => cache.disable(), { code: 'CACHE_CLOSED' });
  assert.throws(() => cache.enable(), { code: 'CACHE_CLOSED' });
});
