// `getMany` without a loader, `setMany`, `hasMany` and `deleteMany`: as the verbs of one key, for several.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { MapStore } from '../support/map-store.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const server = await redisServer();
after(() => server.kill());

const KINDS = {
  'in memory': () => ({}),
  'with two caches over a layer': () => ({ levels: { L1: { maxEntries: 5000 } } }),
  versioned: () => ({ versioning: { enabled: true } }),
  'over a store of its own': () => ({ l2: new MapStore() }),
  'over a store of its own, without a first layer': () => ({ l1: false, l2: new MapStore() }),
  'over Redis': () => ({ l2: new RedisStore(server.url, { prefix: `${Math.random()}:` }) }),
  'over Redis alone': () => ({ l1: false, l2: new RedisStore(server.url, { prefix: `${Math.random()}:` }) }),
};

for (const [kind, options] of Object.entries(KINDS)) {
  const cacheOf = (t, more) => {
    const cache = new LazyLayersCache({ ...options(), ...more });
    t.after(() => cache.close());
    return cache;
  };

  test(`${kind}: entries stored together are read together, in the order of the keys`, async (t) => {
    const cache = cacheOf(t);
    await cache.setMany(
      new Map([
        ['a', 1],
        ['b', null],
      ]),
    );
    await cache.setMany([
      ['c', 3],
      ['d', 4],
    ]);
    await cache.setMany({ e: 5, f: undefined });
    const found = await cache.getMany(['e', 'x', 'a', 'f', 'b', 'e', 'd']);
    assert.deepEqual(
      [...found],
      [
        ['e', 5],
        ['a', 1],
        ['b', null],
        ['d', 4],
      ],
    );
    assert.deepEqual(
      [...(await cache.hasMany(['a', 'x', 'f', 'b']))],
      [
        ['a', true],
        ['x', false],
        ['f', false],
        ['b', true],
      ],
    );
  });

  test(`${kind}: several keys are deleted, and the others stay`, async (t) => {
    const cache = cacheOf(t);
    await cache.setMany({ a: 1, b: 2, c: 3 });
    assert.equal(await cache.deleteMany(['a', 'c', 'a', 'x', undefined, null]), undefined);
    assert.deepEqual([...(await cache.getMany(['a', 'b', 'c']))], [['b', 2]]);
  });

  test(`${kind}: numbers are the same keys as their texts`, async (t) => {
    const cache = cacheOf(t);
    await cache.setMany([
      [1, 'one'],
      [2n, 'two'],
      ['3', 'three'],
    ]);
    assert.deepEqual(
      [...(await cache.getMany([1, '2', 3, '1', 3n]))],
      [
        [1, 'one'],
        ['2', 'two'],
        [3, 'three'],
        ['1', 'one'],
        [3n, 'three'],
      ],
    );
    assert.deepEqual(
      [...(await cache.hasMany([3, 4]))],
      [
        [3, true],
        [4, false],
      ],
    );
    await cache.deleteMany([2, '3']);
    assert.deepEqual([...(await cache.getMany(['1', '2', '3']))], [['1', 'one']]);
  });

  test(`${kind}: no keys are no work`, async (t) => {
    const cache = cacheOf(t);
    assert.equal((await cache.getMany([])).size, 0);
    assert.equal((await cache.hasMany([])).size, 0);
    assert.equal(await cache.setMany([]), undefined);
    assert.equal(await cache.deleteMany([]), undefined);
  });

  test(`${kind}: a thousand keys`, async (t) => {
    const cache = cacheOf(t);
    const keys = Array.from({ length: 1000 }, (_, at) => `key ${at} €`);
    await cache.setMany(keys.map((key, at) => [key, { at }]));
    const found = await cache.getMany(keys);
    assert.deepEqual([...found.keys()], keys);
    assert.deepEqual(
      [...found.values()].map(({ at }) => at),
      keys.map((_, at) => at),
    );
    await cache.deleteMany(keys);
    assert.equal((await cache.getMany(keys)).size, 0);
  });

  test(`${kind}: events and counts are those of the verbs of one key`, async (t) => {
    const seen = { many: [], single: [] };
    const shown = ({ error: _error, durationMs: _ms, ...event }) => JSON.stringify(event);
    const [many, single] = ['many', 'single'].map((which) =>
      cacheOf(t, { events: [(event) => seen[which].push(shown(event))] }),
    );
    await many.setMany({ a: 1, b: 2 });
    await many.getMany(['a', 'b', 'x', 5]);
    await many.hasMany(['a', 'x']);
    await many.getMany(['a', 'c', 'd'], () => ({ c: 3 }));
    await many.deleteMany(['a', 'b']);
    await Promise.all([single.set('a', 1), single.set('b', 2)]);
    await Promise.all(['a', 'b', 'x', 5].map((key) => single.get(key)));
    await Promise.all(['a', 'x'].map((key) => single.has(key)));
    const load = { a: 1, c: 3, d: undefined };
    await Promise.all(Object.entries(load).map(([key, value]) => single.getOrSet(key, async () => value)));
    await Promise.all([single.delete('a'), single.delete('b')]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(seen.many.sort(), seen.single.sort());
    const counts = ({ stats }) =>
      Object.fromEntries(Object.entries(stats).filter(([, count]) => typeof count === 'number'));
    const [ofMany, ofSingle] = [many, single].map((cache) => counts({ stats: cache.stats() }));
    delete ofMany.loadTimeMs;
    delete ofSingle.loadTimeMs;
    assert.deepEqual(ofMany, ofSingle);
  });
}

test('options of setMany hold for every entry', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  await cache.setMany({ a: 1, b: 2 }, { ttlMs: -1 });
  assert.equal((await cache.getMany(['a', 'b'])).size, 0);
  await assert.rejects(cache.setMany({ a: 1 }, { ttlMs: NaN }), { code: 'INVALID_OPTION' });
});

test('bad input is refused before anything happens', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  const refused = { code: 'INVALID_ARGUMENT' };
  for (const entries of ['ab', 1, undefined, null]) await assert.rejects(cache.setMany(entries), refused);
  for (const pair of ['ab', ['a'], ['a', 1, 2], {}, null]) {
    await assert.rejects(cache.setMany([['x', 1], pair]), { ...refused, message: /entries\[1\] must be a pair/ });
  }
  for (const key of [undefined, null, {}, true]) {
    await assert.rejects(
      cache.setMany([
        ['x', 1],
        [key, 2],
      ]),
      { ...refused, message: /key must be/ },
    );
  }
  assert.equal(await cache.has('x'), false);
  for (const verb of ['getMany', 'hasMany', 'deleteMany']) {
    await assert.rejects(cache[verb]('abc'), { ...refused, message: /keys must be an array or another iterable/ });
    await assert.rejects(cache[verb]([{}]), { ...refused, message: /key must be/ });
  }
});

test('a closed cache refuses', async () => {
  const cache = new LazyLayersCache();
  await cache.close();
  for (const verb of ['getMany', 'hasMany', 'deleteMany', 'setMany']) {
    await assert.rejects(cache[verb]([]), { code: 'CACHE_CLOSED' });
  }
});

test('under undefined and null there is nothing', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  await cache.set('a', 1);
  assert.deepEqual([...(await cache.getMany([undefined, 'a', null]))], [['a', 1]]);
  assert.deepEqual(
    [...(await cache.hasMany([undefined, 'a']))],
    [
      [undefined, false],
      ['a', true],
    ],
  );
});

test('keys deleted together are told in one message', async (t) => {
  const hub = new MemoryHub();
  const { published } = hub;
  const [one, other] = ['one', 'other'].map(
    (source) => new LazyLayersCache({ eventBus: hub.bus(), source, name: 'n' }),
  );
  t.after(() => Promise.all([one.close(), other.close()]));
  await other.setMany({ a: 1, b: 2, c: 3 });
  await one.deleteMany(['a', 'b']);
  assert.deepEqual(
    published.map(({ type, keys }) => ({ type, keys })),
    [{ type: 'del', keys: ['a', 'b'] }],
  );
  assert.deepEqual([...(await other.getMany(['a', 'b', 'c']))], [['c', 3]]);
  // One message has one generation: keys that were deleted more often have another.
  await one.delete('a');
  published.length = 0;
  await one.deleteMany(['a', 'b', 'c']);
  assert.deepEqual(
    published.map(({ keys, generation }) => [keys, generation]),
    [
      [['c'], 1],
      [['b'], 2],
      [['a'], 3],
    ],
  );
});

test('very many keys are told in several messages', async (t) => {
  const published = [];
  const eventBus = { publish: async (event) => void published.push(event.keys.length), subscribe: async () => {} };
  const cache = new LazyLayersCache({ eventBus });
  t.after(() => cache.close());
  await cache.deleteMany(Array.from({ length: 2500 }, (_, at) => `k${at}`));
  assert.deepEqual(published, [1000, 1000, 500]);
  published.length = 0;
  await cache.deleteMany(Array.from({ length: 3 }, (_, at) => `${at}${'x'.repeat(40_000)}`));
  assert.deepEqual(published, [1, 1, 1]);
});
