// Names that a store keeps for itself are no keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { nextPrefix, sharedServer } from './shared-server.mjs';

const { redis, storeOf } = await sharedServer();

class Counting extends RedisStore {
  async get(key) {
    return super.get(key);
  }
}

const RESERVED = [
  '__index',
  '__index:expiry',
  '__index:expiry{12}',
  '__index:marks',
  '__index:marks{12}',
  '__marks',
  '__marks{12}',
  '__lock:',
  '__lock:a',
  '__tag:a',
];
const FREE = [
  '__index:',
  '__index:expiry:',
  '__index:expiry{x}',
  '__marks:',
  '__marks{x}',
  '_index',
  '__indexes',
  '__lock',
  '__tags:a',
  '__locks:a',
  'x__lock:a',
];

const callsOf = (target, key) => [
  target.get(key),
  target.set(key, 1),
  target.has(key),
  target.delete(key),
  target.getOrSet(key, () => 1),
];

for (const kind of ['a URL', 'a stand-in']) {
  const targets = (t, options) => {
    const store = storeOf(t, kind, options);
    const caches = [
      new LazyLayersCache({ l2: storeOf(t, kind, options) }),
      new LazyLayersCache({ l1: false, l2: storeOf(t, kind, options) }),
      new LazyLayersCache({ l2: storeOf(t, kind, options), versioning: { enabled: true } }),
      new LazyLayersCache({ l2: storeOf(t, kind, options, Counting) }),
    ];
    t.after(() => Promise.all(caches.map((cache) => cache.close())));
    return [store, ...caches];
  };

  test(`${kind}: a key that is the name of the index, of the set beside it, or of a lock is refused and named`, async (t) => {
    for (const target of targets(t)) {
      for (const key of RESERVED) {
        for (const call of callsOf(target, key)) {
          await assert.rejects(call, {
            code: 'INVALID_ARGUMENT',
            message: new RegExp(JSON.stringify(key).replace(/[{}]/g, '\\$&')),
          });
        }
      }
    }
  });

  test(`${kind}: the name of an index of the user's is refused, the default one is free then`, async (t) => {
    const prefix = nextPrefix();
    for (const target of targets(t, { prefix, indexKey: `${prefix}mine` })) {
      for (const key of ['mine', 'mine:expiry']) {
        for (const call of callsOf(target, key)) await assert.rejects(call, { code: 'INVALID_ARGUMENT' });
      }
      await target.set('__index', 1);
      assert.equal(await target.get('__index'), 1);
      await target.delete('__index');
    }
  });

  test(`${kind}: keys that only look alike are entries`, async (t) => {
    const store = storeOf(t, kind);
    for (const key of FREE) await store.set(key, key);
    for (const key of FREE) assert.equal(await store.get(key), key);
    assert.equal(await redis.exists(...FREE.map((key) => store.prefix + key)), FREE.length);
    await store.clear();
    assert.equal(await store.size(), 0);
  });

  test(`${kind}: a pattern may begin with such a name`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1);
    await store.deleteByPattern('__index');
    await store.deleteByPattern('__lock:*');
    assert.equal(await store.size(), 1);
  });
}

test('a cache without Redis takes any key', async () => {
  const cache = new LazyLayersCache();
  await cache.set('__index', 1);
  assert.equal(await cache.get('__index'), 1);
});
