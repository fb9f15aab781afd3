import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, isPending, pass, turns, until } from './support/deferred.mjs';
import { LockStore } from './support/lock-store.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub, peerEvent } from './support/memory-bus.mjs';

const isClosed = (error) => {
  assert.ok(error instanceof Error);
  assert.equal(error.code, 'CACHE_CLOSED');
  return true;
};

test('an idle cache closes', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.close();
});

test('every call after close rejects with CACHE_CLOSED', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.close();
  const calls = [
    () => cache.get('k'),
    () => cache.set('k', 2),
    () => cache.getOrSet('k', () => assert.fail('loader ran')),
    () => cache.has('k'),
    () => cache.delete('k'),
    () => cache.deleteByPattern('*'),
    () => cache.clear(),
    () => cache.size(),
  ];
  for (const call of calls) await assert.rejects(call(), isClosed, String(call));
});

test('close waits for a running load, whose caller gets its value', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await loader.called;
  const closing = cache.close({ timeoutMs: 60_000 });
  assert.equal(await isPending(closing), true);
  assert.equal(loader.context.signal.aborted, false);
  loader.resolve('v');
  assert.equal(await caller, 'v');
  await closing;
});

test('close waits for a running load that fails', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await loader.called;
  const closing = cache.close({ timeoutMs: 60_000 });
  const failure = new Error('source is down');
  loader.reject(failure);
  await assert.rejects(caller, (error) => error === failure);
  await closing;
});

test('close waits for a load that goes on after its soft timeout', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2, failSafe: { enabled: true, staleTtlMs: 60_000 }, timeouts: { softMs: 5 } });
  await cache.set('k', 'stale', { ttlMs: 5 });
  await pass(5);
  l2.map.clear();
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'stale');
  const closing = cache.close({ timeoutMs: 60_000 });
  assert.equal(await isPending(closing), true);
  loader.resolve('fresh');
  await closing;
});

test('past timeoutMs close aborts the running loads and ends', async () => {
  const cache = new LazyLayersCache();
  const loaders = [heldLoader(), heldLoader()];
  const callers = loaders.map((loader, n) => cache.getOrSet(`k${n}`, loader));
  const outcomes = Promise.allSettled(callers);
  await Promise.all(loaders.map((loader) => loader.called));
  await cache.close({ timeoutMs: 10 });
  for (const loader of loaders) assert.equal(loader.context.signal.aborted, true);
  for (const outcome of await outcomes) {
    assert.equal(outcome.status, 'rejected');
    assert.ok(outcome.reason instanceof Error);
  }
});

test('close with timeoutMs 0 does not wait', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  const outcome = Promise.allSettled([caller]);
  await loader.called;
  const closing = cache.close({ timeoutMs: 0 });
  assert.equal(loader.context.signal.aborted, true);
  await closing;
  assert.equal((await outcome)[0].status, 'rejected');
});

test('a load that answers after close harms nothing', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  const loader = heldLoader();
  const outcome = Promise.allSettled([cache.getOrSet('k', loader)]);
  await loader.called;
  await cache.close({ timeoutMs: 0 });
  loader.resolve('late');
  await outcome;
  await turns(10);
  assert.equal(l2.map.has('k'), false);
});

test('new calls are refused while close waits', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await loader.called;
  const closing = cache.close({ timeoutMs: 60_000 });
  await assert.rejects(cache.set('other', 1), isClosed);
  await assert.rejects(
    cache.getOrSet('other', () => assert.fail('loader ran')),
    isClosed,
  );
  loader.resolve('v');
  await caller;
  await closing;
});

test('closing twice, at once or later, is closing once', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await loader.called;
  const closings = [cache.close({ timeoutMs: 60_000 }), cache.close({ timeoutMs: 60_000 })];
  await turns();
  loader.resolve('v');
  assert.equal(await caller, 'v');
  await Promise.all(closings);
  await cache.close();
});

test('Symbol.asyncDispose closes', async () => {
  const cache = new LazyLayersCache();
  const asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');
  await cache[asyncDispose]();
  await assert.rejects(cache.get('k'), isClosed);
});

test("a caller that waits for another's lock is let go when the cache closes", async () => {
  const l2 = new LockStore();
  l2.acquireLock = async () => false;
  const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true, waitTimeoutMs: 600_000, pollMs: 5 } });
  const outcome = Promise.allSettled([cache.getOrSet('k', () => 'not reached')]);
  await turns();
  await cache.close({ timeoutMs: 0 });
  assert.equal((await outcome)[0].status, 'rejected');
});

test('events from peers after close harm nothing', async () => {
  const hub = new MemoryHub();
  const l2 = new MapStore([['k', 'v']]);
  const cache = new LazyLayersCache({ l2, eventBus: hub.bus(), source: 'here' });
  await until(() => hub.handlers.length === 1, 'subscribed');
  await cache.close();
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 1 }));
  await turns();
});

test('a cache that a handler closes at the start of a load calls no loader any more', async () => {
  const cache = new LazyLayersCache();
  cache.on(({ type }) => {
    if (type === 'loader:start') cache.close({ timeoutMs: 0 });
  });
  let calls = 0;
  await assert.rejects(
    cache.getOrSet('k', () => (calls += 1)),
    { code: 'CACHE_CLOSED' },
  );
  assert.equal(calls, 0);
});

test('closing one cache leaves others alone', async () => {
  const [one, two] = [new LazyLayersCache(), new LazyLayersCache()];
  await two.set('k', 1);
  await one.close();
  assert.equal(await two.get('k'), 1);
});

test('close refuses a bad timeoutMs and stays open', async () => {
  const cache = new LazyLayersCache();
  for (const timeoutMs of [-1, NaN, '5s']) {
    await assert.rejects(cache.close({ timeoutMs }), { code: 'INVALID_OPTION' });
  }
  await assert.rejects(cache.close(5), { code: 'INVALID_OPTION' });
  await cache.set('k', 1);
  assert.equal(await cache.get('k'), 1);
});

test('a call after close names the method that was called', async () => {
  const cache = new LazyLayersCache();
  await cache.close();
  for (const [name, call] of Object.entries({
    get: () => cache.get('k'),
    set: () => cache.set('k', 1),
    has: () => cache.has('k'),
    getOrSet: () => cache.getOrSet('k', () => 1),
    delete: () => cache.delete('k'),
    deleteByPattern: () => cache.deleteByPattern('k*'),
    size: () => cache.size(),
  })) {
    await assert.rejects(call(), { code: 'CACHE_CLOSED', message: `lazy-layers-cache: ${name}: the cache is closed` });
  }
  await assert.rejects(cache.set('k', undefined), { message: 'lazy-layers-cache: set: the cache is closed' });
});
