import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisStore } from '../../index.mjs';
import { heldLoader } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MapStore } from '../support/map-store.mjs';

const setups = {
  'a cache': () => new LazyLayersCache(),
  "a cache over a store of the user's": () => new LazyLayersCache({ l2: new MapStore() }),
  'a MemoryStore': () => new MemoryStore(),
};

for (const [name, make] of Object.entries(setups)) {
  test(`a bigint addresses the same entry as its decimal string and the number, in ${name}`, async () => {
    const cache = make();
    await cache.set(12n, 'a');
    assert.equal(await cache.get('12'), 'a');
    assert.equal(await cache.get(12), 'a');
    await cache.set('12', 'b');
    assert.equal(await cache.get(12n), 'b');
    assert.equal(await cache.has(12n), true);
    await cache.delete(12n);
    assert.equal(await cache.has(12), false);
    assert.equal(await cache.getOrSet(12n, () => 'c'), 'c');
    assert.equal(await cache.get('12'), 'c');
  });

  for (const key of [undefined, null]) {
    test(`under ${key} there is nothing, and nothing can be stored, in ${name}`, async () => {
      const cache = make();
      assert.equal(await cache.get(key), undefined);
      assert.equal(await cache.has(key), false);
      assert.equal(await cache.delete(key), undefined);
      await assert.rejects(cache.set(key, 1), { name: 'TypeError', code: 'INVALID_ARGUMENT' });
      await assert.rejects(cache.set(key, undefined), { code: 'INVALID_ARGUMENT' });
      await assert.rejects(
        cache.getOrSet(key, () => assert.fail('loader ran')),
        { code: 'INVALID_ARGUMENT' },
      );
      assert.equal(await cache.size(), 0);
    });
  }
}

test('a bigint beyond the numbers that are exact is a key of its own', async () => {
  const cache = new LazyLayersCache();
  await cache.set(2n ** 64n, 'big');
  await cache.set(2n ** 64n + 1n, 'bigger');
  assert.equal(await cache.get('18446744073709551616'), 'big');
  assert.equal(await cache.get('18446744073709551617'), 'bigger');
});

test('a load of a bigint joins the one of its decimal string', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const first = cache.getOrSet('7', loader);
  const second = cache.getOrSet(7n, () => assert.fail('loaded twice'));
  loader.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
});

test('events carry a bigint as its decimal string', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.getOrSet(7n, () => 1);
  await cache.delete(7n);
  assert.deepEqual([...new Set(seen.events.map((event) => event.key))], ['7']);
});

test('a RedisStore has nothing under undefined, and asks nobody', async () => {
  const client = new Proxy(
    {},
    { get: (_, name) => (name === 'then' ? undefined : () => assert.fail(`${String(name)} was called`)) },
  );
  const store = new RedisStore({ ...client, getBuffer: client.getBuffer, pipeline: client.pipeline });
  assert.equal(await store.get(undefined), undefined);
  assert.equal(await store.has(null), false);
  assert.equal(await store.delete(undefined), undefined);
  await assert.rejects(store.set(undefined, 1), { code: 'INVALID_ARGUMENT' });
});
