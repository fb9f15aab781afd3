import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { pass, turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { collect } from '../support/garbage.mjs';
import { sharedServer } from './shared-server.mjs';

const { server, redis, storeOf } = await sharedServer();

for (const kind of ['a URL', 'a stand-in']) {
  const prepare = (t, { store = {}, ...options } = {}) => {
    const l2 = storeOf(t, kind, store);
    const make = (more = {}) => {
      const cache = new LazyLayersCache({ l2, ...options, ...more });
      t.after(() => cache.close());
      return cache;
    };
    return { prefix: l2.prefix, l2, make, cache: make() };
  };

  test(`${kind}: a value goes through to Redis and is read by another instance`, async (t) => {
    const { cache, make, prefix } = prepare(t);
    const value = { at: new Date(5), list: [1, 2] };
    await cache.set('k', value);
    assert.equal(await cache.get('k'), value, 'the first layer has the object itself');
    assert.equal(await redis.exists(`${prefix}k`), 1);
    const other = make();
    const { events } = record(other);
    assert.deepEqual(await other.get('k'), value);
    assert.deepEqual(await other.get('k'), value);
    assert.deepEqual(
      events.map(({ type, level }) => `${type} ${level}`),
      ['miss L1', 'hit L2', 'hit L1'],
    );
  });

  test(`${kind}: null is a hit, a missing key a miss of both layers`, async (t) => {
    const { cache, make } = prepare(t);
    await cache.set('null', null);
    const other = make();
    assert.equal(await other.get('null'), null);
    assert.equal(await other.get('missing'), undefined);
    assert.deepEqual([await other.has('null'), await other.has('missing')], [true, false]);
  });

  test(`${kind}: a promoted value lives no longer than it still lives in Redis`, async (t) => {
    const { cache, make, prefix } = prepare(t, { ttlMs: 60_000 });
    await cache.set('k', 'old');
    await redis.pexpire(`${prefix}k`, 60);
    const other = make();
    assert.equal(await other.get('k'), 'old');
    await pass(60);
    assert.equal(await other.get('k'), undefined);
  });

  test(`${kind}: a promoted value lives as long as the first layer's own lifetime at most`, async (t) => {
    const { cache, make, prefix } = prepare(t, { levels: { L1: { ttlMs: 20 } } });
    await cache.set('k', 'old');
    const other = make();
    await other.get('k');
    await redis.del(`${prefix}k`);
    await pass(20);
    assert.equal(await other.get('k'), undefined);
  });

  const lifetimes = [
    [
      "the store's own level",
      { levels: { L2: { ttlMs: 10_000 } }, ttlMs: 20_000 },
      { ttlMs: 30_000, levels: { L2: { ttlMs: 40_000 } } },
      10_000,
    ],
    ["the cache's level", {}, { ttlMs: 30_000, levels: { L2: { ttlMs: 40_000 } } }, 40_000],
    ['the store', { ttlMs: 20_000 }, { ttlMs: 30_000, levels: { L2: { ttlMs: 40_000 } } }, 20_000],
    ['the cache', {}, { ttlMs: 30_000 }, 30_000],
    ['the default', {}, {}, 3_600_000],
  ];
  for (const [who, store, options, ttlMs] of lifetimes) {
    test(`${kind}: the lifetime in Redis is that of ${who}`, async (t) => {
      const { cache, prefix } = prepare(t, { store, ...options });
      await cache.set('k', 1);
      const left = await redis.pttl(`${prefix}k`);
      assert.ok(left > ttlMs - 3000 && left <= ttlMs, String(left));
    });
  }

  test(`${kind}: a call's lifetime overrides all others`, async (t) => {
    const { cache, prefix } = prepare(t, { store: { levels: { L2: { ttlMs: 10_000 } } }, ttlMs: 20_000 });
    await cache.set('k', 1, { ttlMs: 50_000 });
    assert.ok((await redis.pttl(`${prefix}k`)) > 45_000);
    await cache.set('k', 1, { ttlMs: 50_000, levels: { L2: { ttlMs: 70_000 } } });
    assert.ok((await redis.pttl(`${prefix}k`)) > 65_000);
  });

  test(`${kind}: the cache's maxEntries hold for a store that has none`, async (t) => {
    const { cache, l2 } = prepare(t, { levels: { L2: { maxEntries: 2 } } });
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, 1);
    assert.equal(await l2.size(), 2);
  });

  test(`${kind}: a delete reaches Redis, and a pattern too`, async (t) => {
    const { cache, make, prefix } = prepare(t);
    await Promise.all(['a', 'user:1', 'user:2'].map((key) => cache.set(key, 1)));
    await cache.delete('a');
    await make().deleteByPattern('user:?');
    assert.deepEqual(await redis.keys(`${prefix}[^_]*`), []);
  });

  test(`${kind}: without a first layer every read goes to Redis`, async (t) => {
    const { make } = prepare(t);
    const cache = make({ l1: false });
    await cache.set('k', { a: 1 });
    const [one, two] = [await cache.get('k'), await cache.get('k')];
    assert.deepEqual([one, two], [{ a: 1 }, { a: 1 }]);
    assert.notEqual(one, two);
    assert.equal(await cache.size(), 1);
  });

  test(`${kind}: with versions all instances store a key under the same name`, async (t) => {
    const { cache, prefix } = prepare(t, { versioning: { enabled: true } });
    await cache.set('k', 1);
    await cache.delete('k');
    await cache.set('k', 2);
    assert.deepEqual(await redis.keys(`${prefix}k*`), [`${prefix}k::v0`]);
    assert.equal(await cache.get('k'), 2);
  });

  test(`${kind}: a record that cannot be read is a miss with an l2:error, and the circuit stays closed`, async (t) => {
    const { cache, prefix } = prepare(t);
    const { of } = record(cache);
    for (let at = 0; at < 5; at += 1) {
      await redis.set(`${prefix}k${at}`, at % 2 ? 'HC1Gbroken' : Buffer.from([0xc1, 0xff, 0xff]));
      assert.equal(await cache.get(`k${at}`), undefined);
    }
    const errors = of('l2:error');
    assert.equal(errors.length, 5);
    assert.deepEqual(new Set(errors.map(({ operation, state }) => `${operation} ${state}`)), new Set(['get closed']));
    assert.ok(errors.every(({ error }) => error instanceof Error && /cannot be read/.test(error.message)));
    assert.deepEqual(of('l2:skipped'), []);
    assert.equal(await cache.getOrSet('k0', () => 'loaded'), 'loaded');
  });

  test(`${kind}: a value that cannot be packed stays in the first layer, with an l2:error`, async (t) => {
    const { cache } = prepare(t);
    const { of } = record(cache);
    const value = { huge: 2n ** 90n };
    for (let at = 0; at < 5; at += 1) await cache.set('k', value);
    assert.equal(await cache.get('k'), value);
    assert.equal(of('l2:error').length, 5);
    assert.ok(
      of('l2:error').every(
        ({ state, operation, error }) =>
          state === 'closed' && operation === 'set' && /cannot be packed/.test(error.message),
      ),
    );
  });

  test(`${kind}: a larger limit of reads lets through values that a smaller one refuses`, async (t) => {
    const { cache, make, prefix, l2 } = prepare(t);
    await cache.set('k', 'x'.repeat(5000));
    assert.equal((await make().get('k')).length, 5000);
    const strict = storeOf(t, kind, { prefix, limits: { maxBytes: 1000 } });
    assert.equal(await make({ l2: strict }).get('k'), undefined);
    assert.equal(await l2.has('k'), true);
  });

  test(`${kind}: a subclass that changes behaviour is driven through its methods`, async (t) => {
    const { prefix } = prepare(t);
    const asked = [];
    class Watched extends RedisStore {
      get(key) {
        asked.push(key);
        return super.get(key);
      }
    }
    const cache = new LazyLayersCache({ l2: storeOf(t, kind, { prefix }, Watched) });
    t.after(() => cache.close());
    await redis.set(`${prefix}k`, '"from Redis"');
    assert.equal(await cache.get('k'), 'from Redis');
    assert.deepEqual(asked, ['k']);
  });

  test(`${kind}: fail-safe remembers values read from Redis`, async (t) => {
    const { cache, make, prefix } = prepare(t);
    await cache.set('k', 'stale');
    const other = make({ failSafe: { enabled: true, staleTtlMs: 60_000 }, levels: { L1: { ttlMs: 10 } } });
    await other.get('k');
    await redis.del(`${prefix}k`);
    await pass(10);
    assert.equal(await other.getOrSet('k', () => Promise.reject(new Error('down'))), 'stale');
  });
}

test('a cache whose store was dropped by the user keeps its connection', async (t) => {
  const cache = new LazyLayersCache({ l2: new RedisStore(server.url, { prefix: 'kept:' }), l1: false });
  t.after(() => cache.close());
  await cache.set('k', 1);
  for (let at = 0; at < 5; at += 1) {
    collect();
    await turns();
  }
  assert.equal(await cache.get('k'), 1);
});

test('connections of stores that nobody uses are closed', async () => {
  const count = async () => Number(/connected_clients:(\d+)/.exec(await redis.info('clients'))[1]);
  const before = await count();
  await (async () => {
    const stores = Array.from({ length: 10 }, (_, at) => new RedisStore(`${server.url}/${at + 1}`));
    await Promise.all(stores.map((store) => store.size()));
    assert.ok((await count()) >= before + 10);
  })();
  await until(async () => {
    collect();
    return (await count()) <= before;
  }, 'the connections end');
});
