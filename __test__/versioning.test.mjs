import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

/** A cache with versioned storage keys, over two stores whose keys can be read. */
function versioned(options = {}) {
  const [l1, l2] = [new MapStore(), new MapStore()];
  const cache = new LazyLayersCache({ l1, l2, versioning: { enabled: true }, ...options });
  const keys = () => [...new Set([...l1.map.keys(), ...l2.map.keys()])];
  return { l1, l2, cache, keys };
}

test('the storage key of a new key ends in ::v0 in both layers', async () => {
  const { l1, l2, cache } = versioned();
  await cache.set('k', 'v');
  assert.deepEqual([...l1.map.keys()], ['k::v0']);
  assert.deepEqual([...l2.map.keys()], ['k::v0']);
});

test('a delete raises the generation in the storage key', async () => {
  const { cache, keys } = versioned();
  await cache.set('k', 'v');
  await cache.delete('k');
  await cache.set('k', 'v');
  assert.deepEqual(keys(), ['k::v1']);
  await cache.delete('k');
  await cache.set('k', 'v');
  assert.deepEqual(keys(), ['k::v2']);
});

test('the generation of one key leaves others alone', async () => {
  const { cache, keys } = versioned();
  await cache.delete('a');
  await cache.set('a', 1);
  await cache.set('b', 2);
  assert.deepEqual(keys().sort(), ['a::v1', 'b::v0']);
});

test('reads find values written at the present generation', async () => {
  const { cache } = versioned();
  await cache.set('k', 1);
  await cache.delete('k');
  assert.equal(await cache.get('k'), undefined);
  await cache.set('k', 2);
  assert.equal(await cache.get('k'), 2);
  assert.equal(await cache.has('k'), true);
});

test('a late write of an old generation by another instance is never read', async () => {
  const { l2, cache } = versioned();
  await cache.set('k', 'old');
  await cache.delete('k');
  l2.map.set('k::v0', 'written late');
  assert.equal(await cache.get('k'), undefined);
});

test('a loaded value is stored under the storage key', async () => {
  const { l2, cache } = versioned();
  await cache.getOrSet('k', () => 'v');
  assert.equal(l2.map.get('k::v0'), 'v');
});

test('a numeric key has the same storage key as its decimal string', async () => {
  const { cache, keys } = versioned();
  await cache.set(5, 'v');
  assert.deepEqual(keys(), ['5::v0']);
  assert.equal(await cache.get('5'), 'v');
});

test('events carry the key, not the storage key', async () => {
  const { cache } = versioned();
  const seen = record(cache);
  await cache.set('k', 1);
  await cache.get('k');
  await cache.delete('k');
  assert.deepEqual(
    seen.events.map((event) => event.key),
    ['k', 'k', 'k'],
  );
});

test('a pattern delete removes matching keys under versioning', async () => {
  const { cache, keys } = versioned();
  for (const key of ['user:1', 'user:2', 'post:1']) await cache.set(key, 1);
  await cache.deleteByPattern('user:*');
  assert.equal(await cache.get('user:1'), undefined);
  assert.equal(await cache.get('post:1'), 1);
  assert.deepEqual(keys(), ['post:1::v0']);
});

for (const [pattern, gone, kept] of [
  ['user:?', ['user:1'], ['user:12', 'post:1']],
  ['*:1', ['user:1', 'post:1'], ['user:12']],
  ['user:1', ['user:1'], ['user:12', 'post:1']],
]) {
  test(`the pattern ${pattern} is one of keys, not of storage keys`, async () => {
    const { cache, keys } = versioned();
    for (const key of [...gone, ...kept]) await cache.set(key, key);
    await cache.deleteByPattern(pattern);
    for (const key of gone) assert.equal(await cache.get(key), undefined);
    for (const key of kept) assert.equal(await cache.get(key), key);
    assert.deepEqual(keys().sort(), kept.map((key) => `${key}::v0`).sort());
  });
}

test('without versioning the storage key is the key', async () => {
  const { cache, keys } = versioned({ versioning: undefined });
  await cache.set('k', 1);
  await cache.delete('k');
  await cache.set('k', 1);
  assert.deepEqual(keys(), ['k']);
});
