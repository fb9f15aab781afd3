import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisStore } from '../index.mjs';
import { heldLoader, pass, turns } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

// Code of a user's that runs in the middle of a call: getters of options, Proxies that are weighed, handlers of events.

/** A value that runs `act` when it is weighed. */
const weighed = (act) =>
  new Proxy(
    { v: 1 },
    {
      ownKeys(target) {
        act();
        return Reflect.ownKeys(target);
      },
    },
  );

/** Options that run `act` when they are read, before or after those that are given. */
const read = (act, given, name) =>
  Object.defineProperty({ ...given }, name, {
    enumerable: true,
    get() {
      act();
      return undefined;
    },
  });

const bounded = { levels: { L1: { maxBytes: 1_000_000 } } };

test('a handler that stores a key for which nothing was found is not overruled', async () => {
  for (const loader of [() => undefined, async () => undefined]) {
    const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
    const off = cache.on(({ type }) => {
      if (type !== 'negative:set') return;
      off();
      cache.set('k', 'set');
    });
    await cache.getOrSet('k', loader);
    assert.equal(await cache.get('k'), 'set');
    assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), 'set');
  }
});

test('nor is one that came in the middle of the load', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  const loader = heldLoader();
  const call = cache.getOrSet('k', loader);
  const off = cache.on(({ type }) => {
    if (type !== 'negative:set') return;
    off();
    cache.set('k', 'set');
  });
  loader.resolve(undefined);
  assert.equal(await call, undefined);
  assert.equal(await cache.get('k'), 'set');
});

test('a value whose weighing stores another is stored for as long as its own call says', async () => {
  const cache = new LazyLayersCache(bounded);
  await cache.set(
    'k',
    weighed(() => void cache.set('other', 1, { ttlMs: 10 })),
    { ttlMs: 60_000 },
  );
  await pass(10);
  assert.deepEqual([await cache.has('k'), await cache.has('other')], [true, false]);
});

test('a loaded value whose weighing stores another is stored for as long as its own call says', async () => {
  const cache = new LazyLayersCache(bounded);
  await cache.getOrSet('k', () => weighed(() => void cache.set('other', 1, { ttlMs: 10 })), { ttlMs: 60_000 });
  await pass(10);
  assert.deepEqual([await cache.has('k'), await cache.has('other')], [true, false]);
});

for (const name of ['inflight', 'levels', 'unknown']) {
  test(`options with a getter "${name}" that makes a call are those of their own call`, async () => {
    const cache = new LazyLayersCache();
    const other = new LazyLayersCache();
    const act = () => void other.set('other', 1, { ttlMs: 10 });
    await cache.set('set', 1, read(act, { ttlMs: 60_000 }, name));
    await cache.getOrSet('loaded', () => 1, read(act, { ttlMs: 60_000 }, name));
    await cache.set(
      'short',
      1,
      read(() => void other.set('long', 1, { ttlMs: 60_000 }), { ttlMs: 10 }, name),
    );
    await pass(10);
    assert.deepEqual(
      [await cache.has('set'), await cache.has('loaded'), await cache.has('short')],
      [true, true, false],
    );
  });
}

for (const [name, value] of [
  ['l1', undefined],
  ['l2', new MapStore()],
  ['eventBus', undefined],
  ['source', undefined],
  ['versioning', undefined],
]) {
  test(`a getter "${name}" that makes another cache does not give that cache's options`, async () => {
    const options = Object.defineProperty({ ttlMs: 60_000 }, name, {
      enumerable: true,
      get() {
        new LazyLayersCache({ ttlMs: 10, levels: { L1: { maxEntries: 1 } } });
        new MemoryStore({ ttlMs: 10, levels: { L1: { maxEntries: 1 } } });
        return value;
      },
    });
    const cache = new LazyLayersCache(options);
    await cache.set('a', 1);
    await cache.set('b', 1);
    await pass(10);
    assert.equal(await cache.size(), 2);
  });
}

test("a getter of a store's options that makes another store does not give that store's options", async () => {
  const options = read(
    () => new MemoryStore({ ttlMs: 10, levels: { L1: { maxEntries: 1 } } }),
    { ttlMs: 60_000 },
    'versioning',
  );
  const store = new MemoryStore(options);
  await store.set('a', 1);
  await store.set('b', 1);
  await pass(10);
  assert.equal(await store.size(), 2);
  const redis = new RedisStore(
    'redis://127.0.0.1:1',
    read(() => new MemoryStore({ ttlMs: 10 }), { ttlMs: 60_000 }, 'versioning'),
  );
  await redis.close();
});

test('each object that a cache is made of is asked for once', () => {
  for (const name of ['l1', 'l2', 'eventBus']) {
    let asked = 0;
    new LazyLayersCache({
      get [name]() {
        asked += 1;
        return name === 'eventBus' ? { publish() {}, subscribe() {} } : new MapStore();
      },
    });
    assert.equal(asked, 1, name);
  }
});

test('a getter that closes the cache ends its own call as well', async () => {
  for (const call of [
    (cache, options) => cache.set('k', 1, options),
    (cache, options) => cache.getOrSet('k', () => 1, options),
  ]) {
    const cache = new LazyLayersCache();
    const options = read(() => void cache.close({ timeoutMs: 0 }), { ttlMs: 5 }, 'inflight');
    await assert.rejects(call(cache, options), { code: 'CACHE_CLOSED' });
  }
});

test('a getter that deletes the key keeps its call from joining the load before that', async () => {
  const cache = new LazyLayersCache();
  const old = heldLoader();
  const before = cache.getOrSet('k', old);
  assert.equal(
    await cache.getOrSet(
      'k',
      () => 'new',
      read(() => void cache.delete('k'), { ttlMs: 60_000 }, 'inflight'),
    ),
    'new',
  );
  old.resolve('old');
  await before;
  assert.equal(await cache.get('k'), 'new');
});

test("a getter of set's options that begins a load of the key does not have that overrule the value", async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  let loading;
  const act = () => {
    loading ??= cache.getOrSet('k', loader);
  };
  await cache.set('k', 'set', read(act, { ttlMs: 60_000 }, 'inflight'));
  loader.resolve('loaded');
  await loading;
  assert.equal(await cache.get('k'), 'set');
});

/** Has a load pass its hard limit while this code runs: calls tell what has come up meanwhile. */
function waitForTimeout(cache) {
  const seen = record(cache);
  while (seen.of('loader:timeout').length === 0) void cache.size();
  seen.stop();
}

test('a value whose load is given up while it is weighed does not end a load of another cache', async () => {
  const cache = new LazyLayersCache({ ...bounded, timeouts: { hardMs: 10 } });
  const other = new LazyLayersCache({ timeouts: { hardMs: 60_000 } });
  const theirs = heldLoader();
  let call;
  const value = weighed(() => {
    if (call !== undefined) return;
    waitForTimeout(cache);
    call = other.getOrSet('k', theirs);
  });
  await assert.rejects(
    cache.getOrSet('k', () => value),
    { code: 'LOADER_HARD_TIMEOUT' },
  );
  await turns();
  theirs.resolve('theirs');
  assert.equal(await call, 'theirs');
});

test('a limit that passes while handlers hear of the beginning of a load leaves its loader a turn', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  cache.on(({ type }) => {
    if (type !== 'loader:start') return;
    const end = performance.now() + 300;
    while (performance.now() < end);
  });
  let calls = 0;
  assert.equal(await cache.getOrSet('k', () => (calls += 1)), 1);
  assert.equal(calls, 1);
});

test('a value that closes its cache and throws as it is copied ends no load of another cache', async () => {
  const logging = { enabled: false };
  const cache = new LazyLayersCache({ l2: new MapStore(), levels: { L1: { values: 'copy' } }, logging });
  const other = new LazyLayersCache({ l2: new MapStore(), logging });
  const others = [];
  const value = {
    get x() {
      cache.close({ timeoutMs: 0 });
      for (const key of ['a', 'b', 'c']) others.push(other.getOrSet(key, async () => (await turns(5), key)));
      throw new Error('getter');
    },
  };
  await assert.rejects(cache.getOrSet('k', async () => value));
  assert.deepEqual(await Promise.all(others), ['a', 'b', 'c']);
  await other.close();
});
