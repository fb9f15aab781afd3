import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { heldLoader, pass, until } from '../support/deferred.mjs';
import { survivors } from '../support/garbage.mjs';
import { MemoryHub, peerEvent } from '../support/memory-bus.mjs';

const COUNT = 20;

/** Stores fresh objects under k0, k1, … and keeps weak references alone. */
async function fill(cache, options) {
  const refs = [];
  for (let n = 0; n < COUNT; n += 1) {
    const value = { n, ballast: new Array(100).fill(n) };
    refs.push(new WeakRef(value));
    await cache.set(`k${n}`, value, options);
  }
  return refs;
}

/**
 * Runs each round in a function of its own, so that no stack slot keeps the last one's objects, and keeps weak
 * references alone.
 */
async function rounds(round) {
  const refs = [];
  const weak = async (n) => refs.push(...(await round(n)).map((object) => new WeakRef(object)));
  for (let n = 0; n < COUNT; n += 1) await weak(n);
  return refs;
}

/** A call that lets the cache free handles. */
const touch = (cache) => () => cache.get('another key');

const ways = {
  evicted: async (cache) => {
    for (let n = 0; n < 100; n += 1) await cache.set(`newer ${n}`, n);
  },
  overwritten: async (cache) => {
    for (let n = 0; n < COUNT; n += 1) await cache.set(`k${n}`, n);
  },
  deleted: async (cache) => {
    for (let n = 0; n < COUNT; n += 1) await cache.delete(`k${n}`);
  },
  'deleted by a pattern': (cache) => cache.deleteByPattern('k*'),
  cleared: (cache) => cache.clear(),
};

const layers = {
  lru: () => new LazyLayersCache({ levels: { L1: { maxEntries: 100 } } }),
  tinylfu: () => new LazyLayersCache({ levels: { L1: { maxEntries: 100, policy: 'tinylfu' } } }),
  s3fifo: () => new LazyLayersCache({ levels: { L1: { maxEntries: 100, policy: 's3fifo' } } }),
  'a MemoryStore': () => new MemoryStore({ levels: { L1: { maxEntries: 100 } } }),
  'stale values': () =>
    new LazyLayersCache({ levels: { L1: { maxEntries: 100 } }, failSafe: { enabled: true, staleTtlMs: 3_600_000 } }),
};

for (const [layer, make] of Object.entries(layers)) {
  for (const [way, letGo] of Object.entries(ways)) {
    if (layer === 'tinylfu' && way === 'evicted') continue;
    if (layer === 'stale values' && way === 'evicted') continue;
    test(`with ${layer}, values that were ${way} are garbage`, async () => {
      const cache = make();
      const refs = await fill(cache);
      await letGo(cache);
      assert.equal(await survivors(refs, touch(cache)), 0);
    });
  }
}

test('values that expired are garbage once they were asked for', async () => {
  const cache = new LazyLayersCache();
  const refs = await fill(cache, { ttlMs: 5 });
  await pass(5);
  for (let n = 0; n < COUNT; n += 1) assert.equal(await cache.get(`k${n}`), undefined);
  assert.equal(await survivors(refs, touch(cache)), 0);
});

test('values that expired are garbage once newer ones need their place', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: COUNT } } });
  const refs = await fill(cache, { ttlMs: 5 });
  await pass(5);
  for (let n = 0; n < COUNT; n += 1) await cache.set(`newer ${n}`, n);
  assert.equal(await survivors(refs, touch(cache)), 0);
});

test('values still held are not garbage', async () => {
  const cache = new LazyLayersCache();
  const refs = await fill(cache);
  assert.equal(await survivors(refs, touch(cache)), COUNT);
  assert.equal((await cache.get('k3')).n, 3);
});

test('values a peer deleted are garbage', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here' });
  await until(() => hub.handlers.length === 1, 'subscribed');
  const refs = await fill(cache);
  await hub.deliver(peerEvent('pattern', { pattern: 'k*' }));
  assert.equal(await survivors(refs, touch(cache)), 0);
});

test('loaders, their values and their errors are garbage after the load', async () => {
  const cache = new LazyLayersCache();
  const refs = await rounds(async (n) => {
    const value = { n };
    const error = new Error(`load ${n}`);
    const loader = () => value;
    const failing = () => Promise.reject(error);
    await cache.getOrSet(`k${n}`, loader);
    await cache.getOrSet(`failing ${n}`, failing).catch(() => {});
    return [value, loader, error, failing];
  });
  await cache.clear();
  assert.equal(await survivors(refs, touch(cache)), 0);
});

test('the value of a load that was invalidated is garbage once its caller has it', async () => {
  const cache = new LazyLayersCache();
  const refs = await rounds(async (n) => {
    const loader = heldLoader();
    const caller = cache.getOrSet(`k${n}`, loader);
    await loader.called;
    await cache.delete(`k${n}`);
    const value = { n };
    loader.resolve(value);
    await caller;
    return [value];
  });
  assert.equal(await survivors(refs, touch(cache)), 0);
});

test('handlers are garbage after they unsubscribed', async () => {
  const cache = new LazyLayersCache();
  const refs = await rounds(async (n) => {
    const handler = () => n;
    cache.on(handler)();
    return [handler];
  });
  await cache.set('k', 1);
  assert.equal(await survivors(refs, touch(cache)), 0);
});

test('a cache nobody holds is garbage, with its values and handlers', async () => {
  const refs = await rounds(async (n) => {
    const cache = new LazyLayersCache({ failSafe: { enabled: true, staleTtlMs: 3_600_000 } });
    const handler = () => {};
    cache.on(handler);
    const value = { n };
    await cache.set('k', value);
    await cache.getOrSet('loaded', () => value);
    return [cache, value, handler];
  });
  assert.equal(await survivors(refs), 0);
});

test('a MemoryStore nobody holds is garbage, with its values', async () => {
  const refs = await rounds(async (n) => {
    const store = new MemoryStore();
    const value = { n };
    await store.set('k', value);
    return [store, value];
  });
  assert.equal(await survivors(refs), 0);
});

test('a closed cache lets its values go', async () => {
  const cache = new LazyLayersCache();
  const refs = await fill(cache);
  await cache.close();
  assert.equal(await survivors(refs), 0);
  await assert.rejects(cache.get('k0'), { code: 'CACHE_CLOSED' });
});
