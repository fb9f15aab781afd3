// How long a value lives in a store that is given to a cache: as the call says, else the store, else the cache.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { sharedServer } from './shared-server.mjs';

const { redis, storeOf } = await sharedServer();

/** A store whose behaviour was changed, so that it is driven through its methods. */
class Wrapped extends RedisStore {
  async get(key) {
    return super.get(key);
  }
}

const HOUR = 3_600_000;
const [CALL, STORE, STORE_L2, CACHE, CACHE_L2] = [100_000, 200_000, 300_000, 400_000, 500_000];

/** Options of the store, of the cache, of the call, and the lifetime that follows. */
const CASES = [
  [{}, {}, undefined, HOUR],
  [{}, { ttlMs: CACHE }, undefined, CACHE],
  [{}, { ttlMs: CACHE, levels: { L2: { ttlMs: CACHE_L2 } } }, undefined, CACHE_L2],
  [{ ttlMs: STORE }, {}, undefined, STORE],
  [{ ttlMs: STORE }, { ttlMs: CACHE }, undefined, STORE],
  [{ ttlMs: STORE }, { ttlMs: CACHE, levels: { L2: { ttlMs: CACHE_L2 } } }, undefined, STORE],
  [{ ttlMs: STORE, levels: { L2: { ttlMs: STORE_L2 } } }, { ttlMs: CACHE }, undefined, STORE_L2],
  [{ levels: { L1: { ttlMs: 10 } } }, { levels: { L1: { ttlMs: 10 } } }, undefined, HOUR],
  [{ ttlMs: STORE }, { ttlMs: CACHE }, { ttlMs: CALL }, CALL],
  [{ ttlMs: STORE }, { ttlMs: CACHE }, { levels: { L2: { ttlMs: CALL } } }, CALL],
];

for (const kind of ['a URL', 'a stand-in']) {
  for (const Store of [RedisStore, Wrapped]) {
    test(`${kind}, ${Store.name}: the call's lifetime, else the store's own, else the cache's`, async (t) => {
      for (const [ofStore, ofCache, ofCall, expected] of CASES) {
        const l2 = storeOf(t, kind, ofStore, Store);
        const cache = new LazyLayersCache({ ...ofCache, l2 });
        t.after(() => cache.close());
        await cache.set('set', 1, ofCall);
        await cache.getOrSet('loaded', () => 1, ofCall);
        for (const key of ['set', 'loaded']) {
          const left = await redis.pttl(`${l2.prefix}${key}`);
          const what = `${key}: ${JSON.stringify([ofStore, ofCache, ofCall])}`;
          assert.ok(left > expected - 20_000 && left <= expected, `${what}: ${left} instead of ${expected}`);
        }
      }
    });
  }

  test(`${kind}: a store by itself does not go by the lifetime of a first layer`, async (t) => {
    const store = storeOf(t, kind, { levels: { L1: { ttlMs: 10 } } });
    await store.set('k', 1);
    assert.ok((await redis.pttl(`${store.prefix}k`)) > HOUR - 20_000);
  });

  test(`${kind}: with versioning the lock has the name of the key`, async (t) => {
    const l2 = storeOf(t, kind);
    const cache = new LazyLayersCache({ l2, versioning: { enabled: true }, distributedLock: { enabled: true } });
    t.after(() => cache.close());
    let name;
    const value = await cache.getOrSet('k', async () => {
      name = await redis.keys(`${l2.prefix}__lock:*`);
      return 'loaded';
    });
    assert.deepEqual([value, name], ['loaded', [`${l2.prefix}__lock:k`]]);
    assert.equal(await redis.exists(`${l2.prefix}k::v0`), 1, 'it is stored while the lock is its own');
    await cache.getOrSet('deleted', async () => {
      await cache.delete('deleted');
      assert.deepEqual(await redis.keys(`${l2.prefix}__lock:*`), [], 'a delete takes the lock away');
      return 'old';
    });
    assert.deepEqual(await redis.keys(`${l2.prefix}deleted*`), []);
  });
}
