import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { pass } from './support/deferred.mjs';
import { survivors } from './support/garbage.mjs';

/** Stores a value that nobody else holds. */
async function store(cache, key) {
  const value = { key };
  await cache.set(key, value, { ttlMs: 10 });
  return new WeakRef(value);
}

test('size() lets go of all values that have expired', async () => {
  const cache = new LazyLayersCache();
  const held = [];
  for (let key = 0; key < 500; key++) held.push(await store(cache, `k${key}`));
  await pass(10);
  assert.equal(await cache.size(), 0);
  assert.equal(await survivors(held), 0);
});
