import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, pass, turns } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

const failSafe = { enabled: true, staleTtlMs: 60_000 };
const failure = new Error('source is down');
const failing = () => Promise.reject(failure);
const isFailure = (error) => error === failure;

test('when a load fails the stale value is given back', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', 'old');
  await pass(10);
  assert.equal(await cache.getOrSet('k', failing), 'old');
});

test("a stale answer is told with the reason loader-error, after the loader's error", async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', 'old');
  await pass(10);
  const seen = record(cache);
  await cache.getOrSet('k', failing);
  assert.deepEqual(seen.types(), ['evict', 'miss', 'loader:start', 'loader:error', 'stale:hit']);
  assert.deepEqual(seen.of('stale:hit'), [{ type: 'stale:hit', key: 'k', reason: 'loader-error' }]);
  assert.equal(seen.of('loader:error')[0].error, failure);
});

test('every joined caller of a failed load gets the stale value', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', 'old');
  await pass(10);
  const loader = heldLoader();
  const callers = [1, 2, 3].map(() => cache.getOrSet('k', loader));
  await loader.called;
  await turns();
  loader.reject(failure);
  assert.deepEqual(await Promise.all(callers), ['old', 'old', 'old']);
});

test('a stale object is the one that was stored', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  const value = { n: 1 };
  await cache.set('k', value);
  await pass(10);
  assert.equal(await cache.getOrSet('k', failing), value);
});

test('a stored null is a stale value too', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', null);
  await pass(10);
  assert.equal(await cache.getOrSet('k', failing), null);
});

test('a value that was loaded is remembered as stale', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.getOrSet('k', () => 'loaded');
  await pass(10);
  assert.equal(await cache.getOrSet('k', failing), 'loaded');
});

test('a value that was read from L2 is remembered as stale', async () => {
  const l2 = new MapStore([['k', 'from L2']]);
  const cache = new LazyLayersCache({ l2, ttlMs: 10, failSafe });
  await cache.get('k');
  l2.map.clear();
  await pass(10);
  assert.equal(await cache.getOrSet('k', failing), 'from L2');
});

test('a value that was read from L1 is remembered as stale', async () => {
  const l1 = new MapStore([['k', 'from L1']]);
  const cache = new LazyLayersCache({ l1, failSafe });
  assert.equal(await cache.get('k'), 'from L1');
  l1.map.clear();
  assert.equal(await cache.getOrSet('k', failing), 'from L1');
});

test('a hit by a call with fail-safe is remembered as stale', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 1 } } });
  await cache.set('k', 'old');
  assert.equal(await cache.getOrSet('k', failing, { failSafe }), 'old');
  await cache.set('other', 1);
  assert.equal(await cache.getOrSet('k', failing, { failSafe }), 'old');
});

test('a stale value outlives eviction from L1', async () => {
  const cache = new LazyLayersCache({ failSafe, levels: { L1: { maxEntries: 1 } } });
  await cache.set('k', 'old');
  await cache.set('other', 1);
  assert.equal(await cache.getOrSet('k', failing), 'old');
});

test('get does not answer with a stale value', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', 'old');
  await pass(10);
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.has('k'), false);
});

test('a load that succeeds is preferred to the stale value and replaces it', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', 'old');
  await pass(10);
  assert.equal(await cache.getOrSet('k', () => 'new'), 'new');
  await pass(10);
  assert.equal(await cache.getOrSet('k', failing), 'new');
});

test('each call after a stale answer tries its loader', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', 'old');
  await pass(10);
  await cache.getOrSet('k', failing);
  assert.equal(await cache.getOrSet('k', () => 'new'), 'new');
});

test('after staleTtlMs the stale value is gone and the error comes through', async () => {
  const cache = new LazyLayersCache({ ttlMs: 5, failSafe: { enabled: true, staleTtlMs: 20 } });
  await cache.set('k', 'old');
  await pass(25);
  await assert.rejects(cache.getOrSet('k', failing), isFailure);
});

test("without a stale value the loader's error comes through", async () => {
  const cache = new LazyLayersCache({ failSafe });
  await assert.rejects(cache.getOrSet('k', failing), isFailure);
});

test("without fail-safe the loader's error comes through", async () => {
  const cache = new LazyLayersCache({ ttlMs: 10 });
  await cache.set('k', 'old');
  await pass(10);
  await assert.rejects(cache.getOrSet('k', failing), isFailure);
});

test('failSafe.enabled false keeps nothing, even with a staleTtlMs', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe: { enabled: false, staleTtlMs: 60_000 } });
  await cache.set('k', 'old');
  await pass(10);
  await assert.rejects(cache.getOrSet('k', failing), isFailure);
});

for (const [name, wipe] of [
  ['delete', (cache) => cache.delete('k')],
  ['deleteByPattern', (cache) => cache.deleteByPattern('k*')],
  ['clear', (cache) => cache.clear()],
]) {
  test(`${name} drops the stale value`, async () => {
    const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
    await cache.set('k', 'old');
    await wipe(cache);
    await assert.rejects(cache.getOrSet('k', failing), isFailure);
  });
}

test('deleteByPattern keeps stale values that do not match', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
  await cache.set('k', 'old');
  await cache.deleteByPattern('other*');
  await pass(10);
  assert.equal(await cache.getOrSet('k', failing), 'old');
});

for (const [name, write] of [
  ['set', (cache) => cache.set('k', 'newer', { ttlMs: 20 })],
  ['set in front', (cache) => cache.set('k', 'newer')],
  ['load', (cache) => cache.getOrSet('k', () => 'newer')],
]) {
  test(`a ${name} without fail-safe takes the older value's copy away`, async () => {
    const cache = new LazyLayersCache({ ttlMs: 20 });
    await cache.set('k', 'old', name === 'load' ? { failSafe, ttlMs: 5 } : { failSafe });
    if (name === 'load') await pass(5);
    await write(cache);
    assert.equal(await cache.get('k'), 'newer');
    await pass(20);
    await assert.rejects(cache.getOrSet('k', failing, { failSafe }), isFailure);
  });
}

for (const [name, invalidate] of [
  ['delete', (cache) => cache.delete('k')],
  ['deleteByPattern', (cache) => cache.deleteByPattern('k*')],
  ['set', (cache) => cache.set('k', undefined)],
]) {
  test(`a read while ${name} waits for an L1 of the user's leaves no stale copy behind`, async () => {
    const l1 = new MapStore();
    const cache = new LazyLayersCache({ l1, failSafe, logging: { enabled: false } });
    await cache.set('k', 'old');
    const gate = l1.hold(name === 'set' ? 'delete' : name);
    const invalidated = invalidate(cache);
    await gate.reached;
    assert.equal(await cache.get('k'), 'old');
    gate.release();
    await invalidated;
    await assert.rejects(cache.getOrSet('k', failing), isFailure);
  });
}
