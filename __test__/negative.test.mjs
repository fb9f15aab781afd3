import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { heldLoader, pass } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

const nothing = async () => undefined;

test('a loaded undefined makes a negative entry and tells its lifetime', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 5_000 } });
  const seen = record(cache);
  assert.equal(await cache.getOrSet('k', nothing), undefined);
  assert.deepEqual(seen.of('negative:set'), [{ type: 'negative:set', key: 'k', ttlMs: 5_000 }]);
  assert.deepEqual(seen.of('set'), []);
});

test('a live negative entry ends a get at once', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2, negativeCache: { ttlMs: 5_000 } });
  await cache.getOrSet('k', nothing);
  l2.calls.length = 0;
  const seen = record(cache);
  assert.equal(await cache.get('k'), undefined);
  assert.deepEqual(seen.events, [{ type: 'miss', key: 'k', level: 'negative' }]);
  assert.deepEqual(l2.calls, []);
});

test('a live negative entry keeps getOrSet from loading', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 5_000 } });
  await cache.getOrSet('k', nothing);
  const seen = record(cache);
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), undefined);
  assert.deepEqual(seen.events, [{ type: 'miss', key: 'k', level: 'negative' }]);
});

test('has is false on a live negative entry, whatever L2 holds by now', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2, negativeCache: { ttlMs: 5_000 } });
  await cache.getOrSet('k', nothing);
  l2.map.set('k', 'written by another');
  assert.equal(await cache.has('k'), false);
});

test('after its lifetime a negative entry counts no more', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 15 } });
  await cache.getOrSet('k', nothing);
  await pass(15);
  assert.equal(await cache.getOrSet('k', () => 'there now'), 'there now');
});

test('set ends the negative entry of its key, whichever layer holds the value', async () => {
  for (const layers of [{}, { l1: new MapStore() }, { l1: false, l2: new MapStore() }, { l2: new MapStore() }]) {
    const cache = new LazyLayersCache({ ...layers, negativeCache: { ttlMs: 60_000 } });
    await cache.getOrSet('k', nothing);
    await cache.set('k', 'v');
    const seen = record(cache);
    assert.equal(await cache.get('k'), 'v');
    assert.equal(await cache.has('k'), true);
    assert.deepEqual(
      seen.of('miss').filter((event) => event.level === 'negative'),
      [],
    );
  }
});

test('once the value of a set has expired its earlier negative entry does not count again', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', nothing);
  await cache.set('k', 'v', { ttlMs: 5 });
  await pass(5);
  assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
});

test('without negativeCache.ttlMs there are no negative entries', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.getOrSet('k', nothing);
  assert.deepEqual(seen.of('negative:set'), []);
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});

test('negativeCache.enabled false turns negative entries off', async () => {
  const cache = new LazyLayersCache({ negativeCache: { enabled: false, ttlMs: 5_000 } });
  const seen = record(cache);
  await cache.getOrSet('k', nothing);
  assert.deepEqual(seen.of('negative:set'), []);
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});

test('past negativeCache.maxEntries the oldest negative entry is dropped', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000, maxEntries: 2 } });
  for (const key of ['a', 'b', 'c']) await cache.getOrSet(key, nothing);
  const seen = record(cache);
  for (const key of ['a', 'b', 'c']) await cache.get(key);
  assert.deepEqual(
    seen.of('miss').map((event) => event.level),
    ['L1', 'negative', 'negative'],
  );
});

test('a loaded null is no negative entry', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 5_000 } });
  const seen = record(cache);
  await cache.getOrSet('k', () => null);
  assert.deepEqual(seen.of('negative:set'), []);
  assert.equal(await cache.has('k'), true);
});

test('a failed load makes no negative entry', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 5_000 } });
  await cache.getOrSet('k', () => Promise.reject(new Error('no'))).catch(() => {});
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});

test('negative entries do not count in size', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 5_000 } });
  await cache.getOrSet('k', nothing);
  assert.equal(await cache.size(), 0);
});

test('deleteByPattern drops matching negative entries alone', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('user:1', nothing);
  await cache.getOrSet('post:1', nothing);
  await cache.deleteByPattern('user:*');
  assert.equal(await cache.getOrSet('user:1', () => 'there'), 'there');
  assert.equal(await cache.getOrSet('post:1', () => 'there'), undefined);
});

test('clear drops every negative entry', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', nothing);
  await cache.clear();
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});

test('a read of a key that is known to be absent takes no call', async (t) => {
  const { bridge } = createRequire(import.meta.url)('../lib/raw.js');
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', nothing);
  await cache.getOrSet(7, nothing);
  const calls = ['get', 'getOrSet', 'has'].map((name) => t.mock.method(bridge.raw, name));
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.get('7'), undefined);
  assert.equal(await cache.has('k'), false);
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), undefined);
  assert.deepEqual(
    calls.map((call) => call.mock.callCount()),
    [0, 0, 0],
  );
});

test('an absence that one cache knows is not known to another over the same memory store', async () => {
  for (const first of ['before', 'after']) {
    const l1 = new MemoryStore();
    const one = new LazyLayersCache({ l1, negativeCache: { ttlMs: 60_000 } });
    if (first === 'before') await one.getOrSet('k', nothing);
    const two = new LazyLayersCache({ l1, negativeCache: { ttlMs: 60_000 } });
    if (first === 'after') await one.getOrSet('k', nothing);
    assert.equal(await two.getOrSet('k', () => 'there'), 'there', first);
  }
});

test('a set after another load of the key was begun still ends the negative entry', async () => {
  const cache = new LazyLayersCache({ ttlMs: 30, negativeCache: { ttlMs: 3_600_000 } });
  await cache.has('awake');
  const late = heldLoader();
  const caller = cache.getOrSet('k', late);
  await cache.getOrSet('k', nothing, { inflight: { enabled: false } });
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), undefined);
  await cache.set('k', 'v');
  late.resolve('older');
  assert.equal(await caller, 'older');
  assert.equal(await cache.get('k'), 'v');
  await pass(30);
  assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
});

test('a set ends a negative entry of a call with an option of its own', async () => {
  const cache = new LazyLayersCache({ ttlMs: 30 });
  await cache.getOrSet('k', nothing, { negativeCache: { ttlMs: 3_600_000 } });
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), undefined);
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), 'v');
  await pass(30);
  assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
});
