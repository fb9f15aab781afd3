import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { deferred, heldLoader, isPending, pass, turns } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';

async function withStale(options) {
  const cache = new LazyLayersCache({
    failSafe: { enabled: true, staleTtlMs: 60_000 },
    timeouts: { softMs: 5 },
    logging: { enabled: false },
    ...options,
  });
  await cache.set('k', 'stale', { ttlMs: 5 });
  await pass(5);
  return cache;
}

test('background is given the load that goes on after a soft timeout, until its value is stored', async () => {
  const handed = [];
  const cache = await withStale({ background: (promise, work) => handed.push({ promise, work }) });
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'stale');
  assert.deepEqual(
    handed.map(({ work }) => work),
    [{ key: 'k', reason: 'load' }],
  );
  assert.ok(await isPending(handed[0].promise));
  loader.resolve('fresh');
  assert.equal(await handed[0].promise, undefined);
  assert.equal(cache.peek('k'), 'fresh');
});

test('the promise of background resolves when the loader fails, and when the cache is closed', async () => {
  for (const end of [(loader) => loader.reject(new Error('no')), (_, cache) => cache.close({ timeoutMs: 0 })]) {
    const handed = [];
    const cache = await withStale({ background: (promise) => handed.push(promise) });
    const loader = heldLoader();
    await cache.getOrSet('k', loader);
    await end(loader, cache);
    assert.equal(await handed[0], undefined);
  }
});

test('background runs in the async context of the call', async () => {
  const store = new AsyncLocalStorage();
  const seen = deferred();
  const cache = await withStale({ background: () => seen.resolve(store.getStore()) });
  const loader = heldLoader();
  await store.run('request 1', () => cache.getOrSet('k', loader));
  assert.equal(await seen.promise, 'request 1');
  loader.resolve('fresh');
});

test('a background function that throws disturbs nothing', async () => {
  for (const background of [
    () => {
      throw new Error('no');
    },
    async () => {
      throw new Error('no');
    },
  ]) {
    const cache = await withStale({ background });
    const loader = heldLoader();
    assert.equal(await cache.getOrSet('k', loader), 'stale');
    loader.resolve('fresh');
    await cache.drain();
    assert.equal(cache.peek('k'), 'fresh');
  }
});

test('a background that is no function is refused', () => {
  assert.throws(() => new LazyLayersCache({ background: {} }), {
    code: 'INVALID_OPTION',
    message: /"background" must be a function/,
  });
});

test('drain of an idle cache resolves, also of a closed one', async () => {
  const cache = new LazyLayersCache();
  await cache.drain();
  await cache.close();
  await cache.drain();
});

test('drain waits for loads, local ones and those of the engine, and for loads that follow', async () => {
  for (const options of [{}, { timeouts: { hardMs: 60_000 } }]) {
    const cache = new LazyLayersCache(options);
    const [first, second] = [heldLoader(), heldLoader()];
    const chain = cache.getOrSet('a', first).then(() => cache.getOrSet('b', second));
    const drained = cache.drain();
    assert.ok(await isPending(drained));
    first.resolve(1);
    await second.called;
    assert.ok(await isPending(drained));
    second.resolve(2);
    await drained;
    assert.equal(await chain, 2);
  }
});

test('drain waits for a load whose caller has its answer', async () => {
  const cache = await withStale();
  const loader = heldLoader();
  await cache.getOrSet('k', loader);
  const drained = cache.drain();
  assert.ok(await isPending(drained));
  loader.resolve('fresh');
  await drained;
  assert.equal(cache.peek('k'), 'fresh');
});

test('drain waits for a write of a store that took longer than its limit', async () => {
  const gate = deferred();
  class Slow extends MapStore {
    async set(...args) {
      await gate.promise;
      return super.set(...args);
    }
  }
  const l2 = new Slow();
  const cache = new LazyLayersCache({ l2, resilience: { l2TimeoutMs: 5 }, logging: { enabled: false } });
  await cache.set('k', 1);
  const drained = cache.drain();
  assert.ok(await isPending(drained));
  gate.resolve();
  await drained;
});

test('drain waits for events that are being published', async () => {
  const gate = deferred();
  const bus = { publish: () => gate.promise, subscribe: () => () => {} };
  const cache = new LazyLayersCache({ eventBus: bus });
  const removed = cache.delete('k');
  const drained = cache.drain();
  await turns();
  assert.ok(await isPending(drained));
  gate.resolve();
  await Promise.all([removed, drained]);
});
