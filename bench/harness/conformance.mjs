import assert from 'node:assert/strict';
import { buildKey, valueFor } from './fixtures.mjs';

const absent = (value) => value === undefined || value === null;

async function checkReadsAndWrites(cache) {
  const key = buildKey('conformance');
  assert.ok(absent(await cache.get(key)), 'a key that was never written must be absent');
  await cache.set(key, valueFor(1));
  assert.deepEqual(await cache.get(key), valueFor(1), 'get must return what set stored');
  await cache.set(key, valueFor(2, 7));
  assert.deepEqual(await cache.get(key), valueFor(2, 7), 'get must return the value that overwrote the first');
}

async function checkReadThrough(cache, loader) {
  const key = buildKey('read-through');
  const loaded = await Promise.all([cache.getOrSet(key, loader.load), cache.getOrSet(key, loader.load)]);
  assert.equal(loader.calls, 1, 'two callers at once must share one load');
  assert.deepEqual(loaded, [valueFor(0), valueFor(0)], 'both callers must get the loaded value');
  assert.deepEqual(await cache.getOrSet(key, loader.load), valueFor(0), 'a later call must get the stored value');
  assert.equal(loader.calls, 1, 'a later call must not load again');
}

/**
 * Proves that an adapter drives its cache correctly before anything is timed: a stored value comes back, an absent key
 * is absent, and concurrent misses share a load. Throws an AssertionError that describes the fault.
 */
export async function checkConformance(create) {
  const loader = countingLoader();
  const cache = await create({ capacity: 100, load: loader.load });
  try {
    if (cache.get && cache.set) await checkReadsAndWrites(cache);
    if (cache.getOrSet) await checkReadThrough(cache, loader);
  } finally {
    await cache.close?.();
  }
}

/** The first of the operations a scenario needs that an adapter does not have, or `undefined`. */
export async function missingOperation(create, needs) {
  const cache = await create({ capacity: 1, load: async () => undefined });
  await cache.close?.();
  return needs.find((operation) => typeof cache[operation] !== 'function');
}

/** A loader that answers at once, and differently each time: its n-th call returns the value of id n. */
export function countingLoader() {
  const loader = { calls: 0, load: async () => valueFor(loader.calls++) };
  return loader;
}
