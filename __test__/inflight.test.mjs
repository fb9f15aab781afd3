import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { deferred, heldLoader, isPending, pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

test('callers of one key share one load', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const callers = Array.from({ length: 1_000 }, () => cache.getOrSet('k', loader));
  await loader.called;
  await turns();
  loader.resolve('v');
  assert.deepEqual(new Set(await Promise.all(callers)), new Set(['v']));
  assert.equal(loader.calls, 1);
});

test('a caller that joins a load is told as a reuse', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  const loader = heldLoader();
  const first = cache.getOrSet('k', loader);
  await loader.called;
  const second = cache.getOrSet('k', loader);
  await until(() => seen.of('inflight:reuse').length === 1);
  loader.resolve('v');
  await Promise.all([first, second]);
  assert.deepEqual(seen.of('inflight:reuse'), [{ type: 'inflight:reuse', key: 'k' }]);
  assert.equal(seen.of('loader:start').length, 1);
  assert.equal(seen.of('set').length, 1);
});

test('every joined caller gets the same object', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const callers = [1, 2, 3].map(() => cache.getOrSet('k', loader));
  await loader.called;
  const value = { shared: true };
  loader.resolve(value);
  for (const got of await Promise.all(callers)) assert.equal(got, value);
});

test('every joined caller gets the same error object', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const callers = [1, 2, 3].map(() => cache.getOrSet('k', loader));
  await loader.called;
  await turns();
  const failure = new Error('source is down');
  loader.reject(failure);
  for (const outcome of await Promise.allSettled(callers)) assert.equal(outcome.reason, failure);
  assert.equal(loader.calls, 1);
});

test('loads of different keys run side by side', async () => {
  const cache = new LazyLayersCache();
  const [a, b] = [heldLoader(), heldLoader()];
  const callers = [cache.getOrSet('a', a), cache.getOrSet('b', b)];
  await Promise.all([a.called, b.called]);
  b.resolve('of b');
  assert.equal(await callers[1], 'of b');
  a.resolve('of a');
  assert.equal(await callers[0], 'of a');
});

test('callers share a load also while L2 is being read', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  const gate = l2.hold('get');
  let loads = 0;
  const loader = () => (loads += 1);
  const first = cache.getOrSet('k', loader);
  await gate.reached;
  const second = cache.getOrSet('k', loader);
  await turns();
  gate.release();
  assert.deepEqual(await Promise.all([first, second]), [1, 1]);
  assert.equal(loads, 1);
});

test('once a load has ended the next miss loads again', async () => {
  const cache = new LazyLayersCache();
  await cache.getOrSet('k', () => undefined);
  assert.equal(await cache.getOrSet('k', () => 'again'), 'again');
});

test('a load older than inflight.ttlMs is not joined', async () => {
  const cache = new LazyLayersCache({ inflight: { ttlMs: 20 } });
  const hung = heldLoader();
  const first = cache.getOrSet('k', hung);
  await hung.called;
  await pass(20);
  assert.equal(await cache.getOrSet('k', () => 'second'), 'second');
  assert.equal(await isPending(first), true);
  hung.resolve('first');
  assert.equal(await first, 'first');
});

test('a load that was overtaken does not overwrite the newer value', async () => {
  const cache = new LazyLayersCache({ inflight: { ttlMs: 20 } });
  const slow = heldLoader();
  const first = cache.getOrSet('k', slow);
  await slow.called;
  await pass(20);
  await cache.getOrSet('k', () => 'newer');
  slow.resolve('older');
  await first;
  await turns();
  assert.equal(await cache.get('k'), 'newer');
});

test("the end of an overtaken load does not free the newer load's slot", async () => {
  const cache = new LazyLayersCache({ inflight: { ttlMs: 60_000 } });
  const hung = heldLoader();
  const first = cache.getOrSet('k', hung);
  await hung.called;
  await pass(10);
  const newer = heldLoader();
  const second = cache.getOrSet('k', newer, { inflight: { ttlMs: 10 } });
  await newer.called;
  hung.resolve('first');
  await first;
  const third = cache.getOrSet('k', newer);
  await turns();
  newer.resolve('second');
  assert.equal(await second, 'second');
  assert.ok(['first', 'second'].includes(await third));
  assert.equal(newer.calls, 1);
});

test('with inflight.maxEntries loads running, a further one runs untracked', async () => {
  const cache = new LazyLayersCache({ inflight: { maxEntries: 1 } });
  const seen = record(cache);
  const tracked = heldLoader();
  const first = cache.getOrSet('a', tracked);
  await tracked.called;
  const untracked = [heldLoader(), heldLoader()];
  const others = untracked.map((loader) => cache.getOrSet('b', loader));
  await Promise.all(untracked.map((loader) => loader.called));
  assert.deepEqual(seen.of('inflight:bypass'), [
    { type: 'inflight:bypass', key: 'b', reason: 'maxEntries' },
    { type: 'inflight:bypass', key: 'b', reason: 'maxEntries' },
  ]);
  untracked.forEach((loader, n) => loader.resolve(`b${n}`));
  assert.deepEqual(await Promise.all(others), ['b0', 'b1']);
  tracked.resolve('a');
  assert.equal(await first, 'a');
});

test('an untracked load stores its value', async () => {
  const cache = new LazyLayersCache({ inflight: { maxEntries: 1 } });
  const tracked = heldLoader();
  const first = cache.getOrSet('a', tracked);
  await tracked.called;
  await cache.getOrSet('b', () => 'of b');
  assert.equal(await cache.get('b'), 'of b');
  tracked.resolve('of a');
  await first;
});

test('a tracked load is joined also when the table is full', async () => {
  const cache = new LazyLayersCache({ inflight: { maxEntries: 1 } });
  const loader = heldLoader();
  const first = cache.getOrSet('a', loader);
  await loader.called;
  const second = cache.getOrSet('a', loader);
  await turns();
  loader.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
  assert.equal(loader.calls, 1);
});

test('a load that has ended makes room in the table', async () => {
  const cache = new LazyLayersCache({ inflight: { maxEntries: 1 } });
  const seen = record(cache);
  await cache.getOrSet('a', () => 1);
  await cache.getOrSet('b', () => Promise.reject(new Error('no'))).catch(() => {});
  await cache.getOrSet('c', () => 3);
  assert.deepEqual(seen.of('inflight:bypass'), []);
});

test('with inflight switched off every caller loads', async () => {
  const cache = new LazyLayersCache({ inflight: { enabled: false } });
  const seen = record(cache);
  const loaders = [heldLoader(), heldLoader()];
  const callers = loaders.map((loader) => cache.getOrSet('k', loader));
  await Promise.all(loaders.map((loader) => loader.called));
  loaders.forEach((loader, n) => loader.resolve(n));
  assert.deepEqual(await Promise.all(callers), [0, 1]);
  assert.deepEqual(seen.of('inflight:reuse'), []);
});

test('delete drops the inflight slot: the next caller loads anew', async () => {
  const cache = new LazyLayersCache();
  const before = heldLoader();
  const first = cache.getOrSet('k', before);
  await before.called;
  await cache.delete('k');
  assert.equal(await cache.getOrSet('k', () => 'after'), 'after');
  before.resolve('before');
  assert.equal(await first, 'before');
});

test('a joined load may be started by callers with loaders of their own', async () => {
  const cache = new LazyLayersCache();
  const gate = deferred();
  const first = cache.getOrSet('k', () => gate.promise);
  const second = cache.getOrSet('k', () => assert.fail('second loader ran'));
  await turns();
  gate.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
});

test('a write over a value that was loaded beside it is not followed by the load that began before', async () => {
  const cache = new LazyLayersCache();
  const [beside, old] = [heldLoader(), heldLoader()];
  const first = cache.getOrSet('k', beside, { inflight: { enabled: false } });
  const second = cache.getOrSet('k', old);
  const joined = cache.getOrSet('k', old);
  beside.resolve('beside');
  await first;
  await cache.set('k', 'set');
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), 'set');
  old.resolve('old');
  assert.deepEqual(await Promise.all([second, joined]), ['old', 'old']);
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), 'set');
});

test('nor is one that has expired again, as a load from before it is not joined', async () => {
  const cache = new LazyLayersCache({ ttlMs: 30 });
  const [beside, old] = [heldLoader(), heldLoader()];
  const first = cache.getOrSet('k', beside, { inflight: { enabled: false } });
  const second = cache.getOrSet('k', old);
  beside.resolve('beside');
  await first;
  await cache.set('k', 'set');
  await pass(30);
  assert.equal(await cache.getOrSet('k', () => 'new'), 'new');
  old.resolve('old');
  assert.equal(await second, 'old');
});

for (const [outcome, loaded] of Object.entries({ 'a value': 'v', 'no value': undefined })) {
  test(`a caller that the second layer answers after a load has ended does not load again: ${outcome}`, async () => {
    const l2 = new MapStore();
    const cache = new LazyLayersCache({ l2, negativeCache: { ttlMs: 60_000 } });
    const slow = l2.holdAfter('get');
    let loads = 0;
    const load = () => {
      loads += 1;
      return loaded;
    };
    const late = cache.getOrSetEntry('k', load);
    await slow.reached;
    assert.equal(await cache.getOrSet('k', load), loaded);
    slow.release();
    assert.equal((await late).value, loaded);
    assert.equal(loads, 1);
    assert.equal((await late).source, loaded === undefined ? 'negative' : 'L1');
  });
}
