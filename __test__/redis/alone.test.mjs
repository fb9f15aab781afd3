// A store without a cache: its verbs reach what its `getOrSet` keeps and has under way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { heldLoader } from '../support/deferred.mjs';
import { sharedServer } from './shared-server.mjs';

const { server, redis, storeOf } = await sharedServer();

const REMOVALS = {
  delete: (store) => store.delete('k'),
  deleteByPattern: (store) => store.deleteByPattern('k*'),
  clear: (store) => store.clear(),
};

for (const [verb, remove] of Object.entries(REMOVALS)) {
  test(`a load that runs during ${verb} is not joined afterwards, and stores nothing`, async (t) => {
    const store = storeOf(t, 'a URL');
    const loader = heldLoader();
    const loading = store.getOrSet('k', loader);
    await loader.called;
    await remove(store);
    assert.equal(await store.getOrSet('k', () => 'new'), 'new');
    loader.resolve('old');
    assert.equal(await loading, 'old');
    assert.equal(await store.get('k'), 'new');
  });

  test(`${verb} removes the stale copy and the absence of a key`, async (t) => {
    const store = storeOf(t, 'a URL', {
      failSafe: { enabled: true, staleTtlMs: 60_000 },
      negativeCache: { enabled: true, ttlMs: 60_000 },
    });
    await store.getOrSet('k', () => 1);
    await remove(store);
    await assert.rejects(
      store.getOrSet('k', () => Promise.reject(new Error('down'))),
      /down/,
    );
    assert.equal(await store.getOrSet('k', () => undefined), undefined);
    await remove(store);
    assert.equal(await store.getOrSet('k', () => 2), 2);
  });
}

test('a load that runs during a set does not overwrite its value', async (t) => {
  const store = storeOf(t, 'a URL');
  const loader = heldLoader();
  const loading = store.getOrSet('k', loader);
  await loader.called;
  await store.set('k', 'written');
  loader.resolve('old');
  assert.equal(await loading, 'old');
  assert.equal(await store.get('k'), 'written');
});

test('a set renews the stale copy of a key, and ends its absence', async (t) => {
  const store = storeOf(t, 'a URL', {
    failSafe: { enabled: true, staleTtlMs: 60_000 },
    negativeCache: { enabled: true, ttlMs: 60_000 },
  });
  assert.equal(await store.getOrSet('k', () => undefined), undefined);
  await store.set('k', 1);
  assert.equal(await store.getOrSet('k', () => assert.fail('it is stored')), 1);
  await store.set('k', 2);
  await redis.del(`${store.prefix}k`);
  assert.equal(await store.getOrSet('k', () => Promise.reject(new Error('down'))), 2);
});

/** Stores by a method of its own. */
const withSet = (Base) =>
  class extends Base {
    set(key, value, options) {
      return super.set(key, value, options);
    }
  };

test('a store with a set of its own does not store a load that its delete has overtaken', async (t) => {
  const store = storeOf(t, 'a URL', {}, withSet(RedisStore));
  const loader = heldLoader();
  const loading = store.getOrSet('k', loader);
  await loader.called;
  await store.delete('k');
  loader.resolve('old');
  assert.equal(await loading, 'old');
  assert.equal(await store.has('k'), false);
});

for (const overrides of ['set', 'get and set']) {
  test(`a cache with a ${overrides} of its own keeps no load that another instance has overtaken`, async (t) => {
    const prefix = `overtaken by ${overrides}:`;
    const Base = withSet(LazyLayersCache);
    const Own =
      overrides === 'set'
        ? Base
        : class extends Base {
            get(key) {
              return super.get(key);
            }
          };
    const [cache, other] = [Own, LazyLayersCache].map(
      (Kind) => new Kind({ l2: new RedisStore(server.url, { prefix }) }),
    );
    t.after(() => Promise.all([cache.close(), other.close()]));
    const one = async () => {
      await other.delete('unrelated');
      return 1;
    };
    assert.equal(await cache.getOrSet('kept', one), 1);
    assert.equal(await other.get('kept'), 1);
    const loader = heldLoader();
    const loading = cache.getOrSet('k', loader);
    await loader.called;
    await other.delete('k');
    loader.resolve('old');
    assert.equal(await loading, 'old');
    assert.deepEqual([await cache.get('k'), await other.get('k')], [undefined, undefined]);
    assert.equal(await cache.get('kept'), 1);
  });
}

test('what a subclass has stored over an invalidation is taken out, and overtakes no other load', async (t) => {
  const Own = withSet(LazyLayersCache);
  const [one, two, other] = [Own, Own, LazyLayersCache].map(
    (Kind) => new Kind({ l1: false, l2: new RedisStore(server.url, { prefix: 'no storm:' }) }),
  );
  t.after(() => Promise.all([one, two, other].map((cache) => cache.close())));
  const [first, second] = [heldLoader(), heldLoader()];
  const loading = one.getOrSet('k', first);
  await first.called;
  await other.delete('k');
  const later = two.getOrSet('k', second);
  await second.called;
  first.resolve('old');
  assert.equal(await loading, 'old');
  second.resolve('new');
  assert.equal(await later, 'new');
  assert.equal(await other.get('k'), 'new');
});

for (const [name, invalidate] of Object.entries({
  delete: (cache) => cache.delete('k'),
  deleteByPattern: (cache) => cache.deleteByPattern('k*'),
})) {
  const invalidating = (Base) =>
    class extends Base {
      async set(key, value, options) {
        await invalidate(this);
        return super.set(key, value, options);
      }
    };

  test(`a subclass whose set begins with a ${name} stores what it loads`, async (t) => {
    const Own = invalidating(LazyLayersCache);
    const cache = new Own({ l2: new RedisStore(server.url, { prefix: `${name} first:` }) });
    t.after(() => cache.close());
    const store = storeOf(t, 'a URL', {}, invalidating(RedisStore));
    for (const own of [cache, store]) {
      assert.equal(await own.getOrSet('k', () => 1), 1);
      assert.equal(await own.getOrSet('k', () => assert.fail('it is stored')), 1);
    }
  });
}
