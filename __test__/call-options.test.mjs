import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { LockStore } from './support/lock-store.mjs';

const failure = new Error('source is down');
const failing = () => Promise.reject(failure);
const isFailure = (error) => error === failure;
const failSafe = { enabled: true, staleTtlMs: 60_000 };

test('ttlMs of a call holds for that call alone', async () => {
  const cache = new LazyLayersCache({ ttlMs: 60_000 });
  await cache.set('short', 1, { ttlMs: 10 });
  await cache.set('long', 2);
  await pass(10);
  assert.equal(await cache.has('short'), false);
  assert.equal(await cache.has('long'), true);
});

test('negativeCache of a call makes a negative entry', async () => {
  const cache = new LazyLayersCache();
  await cache.getOrSet('k', () => undefined, { negativeCache: { ttlMs: 60_000 } });
  const seen = record(cache);
  await cache.get('k');
  assert.deepEqual(
    seen.of('miss').map((event) => event.level),
    ['negative'],
  );
});

test("negativeCache.ttlMs of a call beats the instance's", async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  const seen = record(cache);
  await cache.getOrSet('k', () => undefined, { negativeCache: { ttlMs: 10 } });
  assert.equal(seen.of('negative:set')[0].ttlMs, 10);
  await pass(10);
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});

test('negativeCache.enabled false of a call makes no negative entry', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', () => undefined, { negativeCache: { enabled: false } });
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});

test('inflight.enabled false of a call keeps it from joining', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const first = cache.getOrSet('k', loader);
  await loader.called;
  assert.equal(await cache.getOrSet('k', () => 'own', { inflight: { enabled: false } }), 'own');
  loader.resolve('v');
  assert.equal(await first, 'v');
});

test('inflight.ttlMs of a call says how old a load it joins', async () => {
  const cache = new LazyLayersCache({ inflight: { ttlMs: 60_000 } });
  const loader = heldLoader();
  const first = cache.getOrSet('k', loader);
  await loader.called;
  await pass(20);
  assert.equal(await cache.getOrSet('k', () => 'own', { inflight: { ttlMs: 10 } }), 'own');
  loader.resolve('v');
  await first;
});

test('inflight.maxEntries of a call says when it runs untracked', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  const loader = heldLoader();
  const first = cache.getOrSet('a', loader);
  await loader.called;
  await cache.getOrSet('b', () => 1, { inflight: { maxEntries: 1 } });
  assert.deepEqual(
    seen.of('inflight:bypass').map((event) => event.key),
    ['b'],
  );
  loader.resolve(1);
  await first;
});

test('inflight.maxEntries of a call counts the loads of calls without options', async () => {
  const cache = new LazyLayersCache();
  const [older, younger] = [heldLoader(), heldLoader()];
  const loads = [cache.getOrSet('a', older), cache.getOrSet('b', younger)];
  await cache.getOrSet('c', () => 1, { inflight: { maxEntries: 3 } });
  assert.equal(cache.stats().loads.bypassed, 0);
  await cache.getOrSet('d', () => 1, { inflight: { maxEntries: 2 } });
  assert.equal(cache.stats().loads.bypassed, 1);
  // A load that was overtaken is joined by nobody.
  await cache.delete('b');
  await cache.getOrSet('e', () => 1, { inflight: { maxEntries: 2 } });
  assert.equal(cache.stats().loads.bypassed, 1);
  for (const loader of [older, younger]) loader.resolve(1);
  await Promise.all(loads);
  await cache.close();
});

test('failSafe of a set keeps its stale value, and of a getOrSet uses it', async () => {
  const cache = new LazyLayersCache({ ttlMs: 5 });
  await cache.set('k', 'old', { failSafe });
  await pass(5);
  assert.equal(await cache.getOrSet('k', failing, { failSafe }), 'old');
});

test("failSafe.staleTtlMs of a call beats the instance's", async () => {
  const cache = new LazyLayersCache({ ttlMs: 5, failSafe });
  await cache.set('k', 'old', { failSafe: { staleTtlMs: 15 } });
  await pass(20);
  await assert.rejects(cache.getOrSet('k', failing), isFailure);
});

test("failSafe.enabled false of a call lets the loader's error through", async () => {
  const cache = new LazyLayersCache({ ttlMs: 5, failSafe });
  await cache.set('k', 'old');
  await pass(5);
  await assert.rejects(cache.getOrSet('k', failing, { failSafe: { enabled: false } }), isFailure);
});

test("timeouts.hardMs of a call ends that call's load", async () => {
  const cache = new LazyLayersCache();
  await assert.rejects(cache.getOrSet('k', heldLoader(), { timeouts: { hardMs: 10 } }), {
    code: 'LOADER_HARD_TIMEOUT',
  });
});

test('timeouts.softMs of a call answers that call with the stale value', async () => {
  const cache = new LazyLayersCache({ failSafe });
  await cache.set('k', 'old', { ttlMs: 5 });
  await pass(5);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader, { timeouts: { softMs: 10 } }), 'old');
  loader.resolve('new');
  await until(async () => (await cache.get('k')) === 'new');
});

test("a call may name one timeout and keep the instance's other", async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  await assert.rejects(cache.getOrSet('k', heldLoader(), { timeouts: { softMs: 5 } }), { code: 'LOADER_HARD_TIMEOUT' });
});

test('distributedLock.enabled of a call takes the lock for that call alone', async () => {
  const l2 = new LockStore();
  const cache = new LazyLayersCache({ l2 });
  await cache.getOrSet('locked', () => 1, { distributedLock: { enabled: true, ttlMs: 777 } });
  await cache.getOrSet('free', () => 1);
  assert.deepEqual(
    l2.acquired.map(({ key, ttlMs }) => [key, ttlMs]),
    [['locked', 777]],
  );
});

test('distributedLock.enabled false of a call takes none', async () => {
  const l2 = new LockStore();
  const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true } });
  await cache.getOrSet('k', () => 1, { distributedLock: { enabled: false } });
  assert.deepEqual(l2.acquired, []);
});

test('distributedLock.waitTimeoutMs of a call says how long it waits for the winner', async () => {
  const l2 = new LockStore();
  const lock = { enabled: true, waitTimeoutMs: 60_000, pollMs: 5 };
  const [one, two] = [1, 2].map(() => new LazyLayersCache({ l2, distributedLock: lock }));
  const loader = heldLoader();
  const first = one.getOrSet('k', loader);
  await loader.called;
  assert.equal(await two.getOrSet('k', () => 'own', { distributedLock: { waitTimeoutMs: 15 } }), 'own');
  loader.resolve('v');
  await first;
});

test("a loaded value is stored with the call's options in both layers", async () => {
  const l2 = new LockStore();
  const cache = new LazyLayersCache({ l2, ttlMs: 60_000 });
  await cache.getOrSet('k', () => 'v', { levels: { L1: { ttlMs: 10 }, L2: { ttlMs: 20_000 } } });
  const [, , asked] = l2.callsOf('set')[0].args;
  assert.equal(asked.levels?.L2?.ttlMs ?? asked.ttlMs, 20_000);
  await pass(10);
  l2.map.delete('k');
  assert.equal(await cache.get('k'), undefined);
});

test('a lifetime in the place of the options is refused, with a word on where it goes', async () => {
  const cache = new LazyLayersCache();
  const message = /option "options" must be an object, as \{ ttlMs: 5000 \}, got 5000/;
  await assert.rejects(cache.set('k', 1, 5000), { code: 'INVALID_OPTION', message });
  await assert.rejects(
    cache.getOrSet('k', () => 1, 5000),
    { code: 'INVALID_OPTION', message },
  );
});

test("undefined or an empty object as a call's options says nothing", async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1, {});
  await cache.set('k2', 2, undefined);
  assert.equal(await cache.getOrSet('k', () => 9, {}), 1);
  await turns();
  assert.equal(await cache.getOrSet('k2', () => 9, undefined), 2);
});
