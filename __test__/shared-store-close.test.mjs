import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { heldLoader } from './support/deferred.mjs';

test('closing a cache leaves the loads of another on the same MemoryStore alone', async () => {
  const l1 = new MemoryStore();
  const [closed, cache] = [new LazyLayersCache({ l1 }), new LazyLayersCache({ l1 })];
  const loader = heldLoader();
  const loaded = cache.getOrSet('k', loader);
  await closed.close();
  loader.resolve('value');
  assert.equal(await loaded, 'value');
  assert.equal(await cache.get('k'), 'value');
});

test('a load that a close has abandoned stores nothing in a MemoryStore that others use', async () => {
  const l1 = new MemoryStore();
  const cache = new LazyLayersCache({ l1 });
  const loader = heldLoader();
  const loaded = cache.getOrSet('k', loader);
  await Promise.all([cache.close({ timeoutMs: 0 }), assert.rejects(loaded, { code: 'CACHE_CLOSED' })]);
  loader.resolve('late');
  await loader();
  assert.equal(await l1.get('k'), undefined);
});
