import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { pass, turns } from '../support/deferred.mjs';

/** A cache, and the evictions that it tells. */
function watched(options) {
  const cache = new LazyLayersCache({ logging: { enabled: false }, ...options });
  const told = [];
  cache.on(({ key, reason }) => told.push([key, reason]), { types: ['evict'] });
  return { cache, told };
}

for (const policy of ['lru', 's3fifo', 'tinylfu']) {
  test(`an entry that makes room is told, with ${policy}`, async () => {
    const { cache, told } = watched({ levels: { L1: { maxEntries: 2, policy } } });
    for (const key of ['a', 'b', 'c']) await cache.set(key, 1);
    await cache.size();
    await turns();
    assert.equal(told.length, 1);
    assert.equal(told[0][1], 'capacity');
  });
}

test('the entry that LRU evicts is told', async () => {
  const { cache, told } = watched({ levels: { L1: { maxEntries: 2 } } });
  await cache.set('a', 1);
  await cache.set('b', 1);
  await cache.get('a');
  await cache.set('c', 1);
  await cache.size();
  await turns();
  assert.deepEqual(told, [['b', 'capacity']]);
});

test('an entry whose life is over is told', async () => {
  const { cache, told } = watched();
  await cache.set('k', 1, { ttlMs: 5 });
  await pass(5);
  assert.equal(await cache.get('k'), undefined);
  await turns();
  assert.deepEqual(told, [['k', 'expired']]);
});

test('a value that is replaced is told, by the mirror and by a call', async () => {
  const { cache, told } = watched();
  await cache.set('k', 1);
  await cache.set('k', 2);
  await cache.set('k', 3, { ttlMs: 1000 });
  await turns();
  assert.deepEqual(told, [
    ['k', 'replaced'],
    ['k', 'replaced'],
  ]);
});

test('a delete is none', async () => {
  const { cache, told } = watched();
  await cache.set('k', 1);
  await cache.delete('k');
  await cache.set('k', 1);
  await cache.clear();
  await turns();
  assert.deepEqual(told, []);
});

test('a key of a versioned cache is told as it was given', async () => {
  const { cache, told } = watched({ versioning: { enabled: true } });
  await cache.set('k', 1);
  await cache.set('k', 2);
  await turns();
  assert.deepEqual(told, [['k', 'replaced']]);
});

test('each cache over a shared layer is told that listens, until it ends that', async () => {
  const l1 = new MemoryStore({ levels: { L1: { maxEntries: 1 } } });
  const first = watched({ l1 });
  const second = watched({ l1 });
  const silent = new LazyLayersCache({ l1 });
  await silent.set('a', 1);
  await silent.set('b', 1);
  await turns();
  assert.deepEqual(first.told, [['a', 'capacity']]);
  assert.deepEqual(second.told, [['a', 'capacity']]);
  await second.cache.close();
  await silent.set('c', 1);
  await turns();
  assert.deepEqual(first.told, [
    ['a', 'capacity'],
    ['b', 'capacity'],
  ]);
  assert.equal(second.told.length, 1);
});

test('a shared value that was changed is found as its entry leaves', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 2, findMutations: true } } });
  const told = [];
  cache.on(({ key }) => told.push(key), { types: ['mutation'] });
  await cache.set('a', { tags: [] });
  await cache.getOrSet('b', () => ({ tags: [] }));
  (await cache.get('a')).tags.push('x');
  (await cache.get('b')).tags.push('x');
  await cache.set('c', { tags: [] });
  await cache.set('d', { tags: [] });
  await turns();
  assert.deepEqual(told, ['a', 'b']);
  await cache.close();
  await turns();
  assert.deepEqual(told, ['a', 'b']);
});

test('findMutations is true or false', () => {
  assert.throws(() => new LazyLayersCache({ levels: { L1: { findMutations: 1 } } }), {
    code: 'INVALID_OPTION',
    message: /"levels\.L1\.findMutations" must be true or false/,
  });
});
