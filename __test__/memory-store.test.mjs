import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, isInspectableStore } from '../index.mjs';
import { pass } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';

const bounded = (L1, options = {}) => new MemoryStore({ levels: { L1 }, ...options });

test('set, get, has, delete and size of a MemoryStore', async () => {
  const store = new MemoryStore();
  const value = { n: 1 };
  await store.set('k', value);
  assert.equal(await store.get('k'), value);
  assert.equal(await store.has('k'), true);
  assert.equal(await store.size(), 1);
  await store.delete('k');
  assert.equal(await store.get('k'), undefined);
  assert.equal(await store.has('k'), false);
  assert.equal(await store.size(), 0);
});

test('every method of a MemoryStore returns a promise', async () => {
  const store = new MemoryStore();
  const answers = [
    store.set('k', 1),
    store.get('k'),
    store.getOrSet('k', () => 1),
    store.has('k'),
    store.delete('k'),
    store.deleteByPattern('k*'),
    store.clear(),
    store.size(),
  ];
  for (const answer of answers) assert.ok(answer instanceof Promise);
  await Promise.all(answers);
});

test('getOrSet of a MemoryStore loads once and stores', async () => {
  const store = new MemoryStore();
  assert.equal(await store.getOrSet('k', async () => 'loaded'), 'loaded');
  assert.equal(await store.getOrSet('k', () => assert.fail('loader ran')), 'loaded');
});

test('a MemoryStore holds a null', async () => {
  const store = new MemoryStore();
  await store.set('k', null);
  assert.equal(await store.get('k'), null);
  assert.equal(await store.has('k'), true);
});

test('clear empties a MemoryStore', async () => {
  const store = new MemoryStore();
  for (const key of ['a', 'b']) await store.set(key, 1);
  await store.clear();
  assert.equal(await store.size(), 0);
});

test('entries of a MemoryStore expire by call, level, store', async () => {
  const store = bounded({ ttlMs: 10 }, { ttlMs: 60_000 });
  await store.set('by level', 1);
  await store.set('by call', 1, { ttlMs: 60_000 });
  await store.set("by the call's level", 1, { ttlMs: 60_000, levels: { L1: { ttlMs: 10 } } });
  await pass(10);
  assert.equal(await store.has('by level'), false);
  assert.equal(await store.has('by call'), true);
  assert.equal(await store.has("by the call's level"), false);
  assert.equal(await store.size(), 1);
});

test('a MemoryStore evicts the least recently used entry', async () => {
  const store = bounded({ maxEntries: 2 });
  await store.set('a', 1);
  await store.set('b', 2);
  await store.get('a');
  await store.set('c', 3);
  assert.deepEqual([await store.has('a'), await store.has('b'), await store.has('c')], [true, false, true]);
});

test('a MemoryStore holds a thousand entries when nothing else is said', async () => {
  const store = new MemoryStore();
  for (let n = 0; n < 1_001; n += 1) await store.set(`k${n}`, n);
  assert.equal(await store.size(), 1_000);
  assert.equal(await store.has('k0'), false);
});

test('isInspectableStore tells stores with inspect from others', () => {
  assert.equal(isInspectableStore(new MemoryStore()), true);
  assert.equal(isInspectableStore({ ...new MapStore(), inspect: async () => ({ size: 0, keys: [] }) }), true);
  assert.equal(isInspectableStore(new MapStore()), false);
  for (const other of [undefined, null, 1, 'store', {}]) assert.equal(isInspectableStore(other), false);
});

test('maxBytes bounds the values in L1, and the newest entries stay', async () => {
  for (const make of [bounded, (L1) => new LazyLayersCache({ levels: { L1 } })]) {
    const store = make({ maxBytes: 20_000, maxEntries: 1_000 });
    for (let n = 0; n < 100; n += 1) await store.set(`k${n}`, `${n}`.padEnd(1_000, 'x'));
    const size = await store.size();
    assert.ok(size >= 1 && size <= 20, String(size));
    assert.equal((await store.get('k99')).length, 1_000);
    assert.equal(await store.has('k0'), false);
  }
});

test('a value larger than maxBytes is not kept and drives nothing else out for good', async () => {
  const store = bounded({ maxBytes: 10_000 });
  await store.set('huge', 'x'.repeat(100_000));
  assert.equal(await store.get('huge'), undefined);
  await store.set('small', 'v');
  assert.equal(await store.get('small'), 'v');
});

test('with maxBytes maxEntries still holds', async () => {
  const store = bounded({ maxBytes: 10_000_000, maxEntries: 3 });
  for (let n = 0; n < 10; n += 1) await store.set(`k${n}`, n);
  assert.equal(await store.size(), 3);
});

test('overwriting an entry with a smaller value makes room in bytes', async () => {
  const store = bounded({ maxBytes: 20_000 });
  for (let n = 0; n < 50; n += 1) await store.set('same', 'x'.repeat(1_000 + n));
  await store.set('other', 'x'.repeat(5_000));
  assert.equal(await store.has('same'), true);
  assert.equal(await store.has('other'), true);
});
