import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';

test('setting undefined leaves the key absent', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.set('k', undefined);
  assert.equal(await cache.has('k'), false);
  assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
});

test('setting undefined leaves the key absent in L2', async () => {
  const l2 = new MapStore([['k', 1]]);
  const cache = new LazyLayersCache({ l2 });
  await cache.set('k', undefined);
  assert.equal(l2.map.has('k'), false);
  assert.equal(await cache.get('k'), undefined);
});

test('setting undefined ends a load that runs for the key', async () => {
  const cache = new LazyLayersCache();
  let finish = () => {};
  const loading = cache.getOrSet(
    'k',
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  await cache.set('k', undefined);
  finish('late');
  assert.equal(await loading, 'late');
  assert.equal(await cache.has('k'), false);
});
