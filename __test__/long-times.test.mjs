import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, LazyLayersCache } from '../index.mjs';
import { heldLoader, isPending, pass, turns } from './support/deferred.mjs';
import { LockStore } from './support/lock-store.mjs';

// A timer of Node overflows past 2^31 - 1 ms and fires at once: none of the cache's times may.
const LONG = 2 ** 31 + 1_000;

test('a hard timeout beyond 2^31 ms does not fire at once', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: LONG } });
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await pass(20);
  assert.equal(await isPending(caller), true);
  assert.equal(loader.context.signal.aborted, false);
  loader.resolve('v');
  assert.equal(await caller, 'v');
});

test('a soft timeout beyond 2^31 ms does not fire at once', async () => {
  const cache = new LazyLayersCache({ timeouts: { softMs: LONG }, failSafe: { enabled: true, staleTtlMs: LONG } });
  await cache.set('k', 'stale', { ttlMs: 5 });
  await pass(5);
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await pass(20);
  assert.equal(await isPending(caller), true);
  loader.resolve('fresh');
  assert.equal(await caller, 'fresh');
});

test('a stale value of a lifetime beyond 2^31 ms is kept', async () => {
  const cache = new LazyLayersCache({ failSafe: { enabled: true, staleTtlMs: LONG } });
  await cache.set('k', 'stale', { ttlMs: 5 });
  await pass(20);
  assert.equal(await cache.getOrSet('k', () => Promise.reject(new Error('no'))), 'stale');
});

test('a negative entry of a lifetime beyond 2^31 ms is kept', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: LONG } });
  await cache.getOrSet('k', () => undefined);
  await pass(20);
  assert.equal(await cache.getOrSet('k', () => 'there'), undefined);
});

test('an inflight lifetime beyond 2^31 ms lets callers join', async () => {
  const cache = new LazyLayersCache({ inflight: { ttlMs: LONG } });
  const loader = heldLoader();
  const first = cache.getOrSet('k', loader);
  await loader.called;
  await pass(20);
  const second = cache.getOrSet('k', () => assert.fail('second loader ran'));
  await turns();
  loader.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
});

test('a wait for the lock beyond 2^31 ms does not end at once', async () => {
  const l2 = new LockStore();
  const lock = { enabled: true, waitTimeoutMs: LONG, pollMs: 5, ttlMs: LONG };
  const [one, two] = [1, 2].map(() => new LazyLayersCache({ l2, distributedLock: lock }));
  const loader = heldLoader();
  const first = one.getOrSet('k', loader);
  await loader.called;
  const second = two.getOrSet('k', () => assert.fail('the loser loaded'));
  await pass(20);
  assert.equal(await isPending(second), true);
  loader.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
});

test('a cooldown beyond 2^31 ms keeps a breaker open', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, cooldownMs: LONG });
  breaker.recordFailure();
  await pass(20);
  assert.equal(breaker.canCall(), false);
});

test('closing with a timeout beyond 2^31 ms waits for the load', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await loader.called;
  const closing = cache.close({ timeoutMs: LONG });
  await pass(20);
  assert.equal(loader.context.signal.aborted, false);
  loader.resolve('v');
  assert.equal(await caller, 'v');
  await closing;
});
