import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub } from './support/memory-bus.mjs';
import { turns } from './support/deferred.mjs';

test('set overwrites the value of a key', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.set('k', 2);
  assert.equal(await cache.get('k'), 2);
});

test('set without an L2 tells that L1 was written', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.set('k', 1);
  assert.deepEqual(seen.events, [{ type: 'set', key: 'k', levels: ['L1'] }]);
});

test('set writes both layers and tells so', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  const seen = record(cache);
  await cache.set('k', 'v');
  assert.equal(l2.map.get('k'), 'v');
  assert.deepEqual(seen.events, [{ type: 'set', key: 'k', levels: ['L1', 'L2'] }]);
});

test('set with L1 switched off writes L2 alone and tells so', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l1: false, l2 });
  const seen = record(cache);
  await cache.set('k', 'v');
  assert.equal(l2.map.get('k'), 'v');
  assert.deepEqual(seen.of('set'), [{ type: 'set', key: 'k', levels: ['L2'] }]);
});

test('set with both layers switched off tells that no layer was written', async () => {
  const cache = new LazyLayersCache({ l1: false, l2: false });
  const seen = record(cache);
  await cache.set('k', 'v');
  assert.deepEqual(seen.of('set'), [{ type: 'set', key: 'k', levels: [] }]);
});

test('set never publishes on the bus', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus() });
  await cache.set('k', 'v');
  await turns();
  assert.deepEqual(hub.published, []);
});

test('set drops the negative entry of its key', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', () => undefined);
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), 'v');
  assert.equal(await cache.has('k'), true);
});

test('delete removes the key from both layers', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  await cache.set('k', 'v');
  await cache.delete('k');
  assert.equal(l2.map.has('k'), false);
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.has('k'), false);
});

test('delete leaves other keys alone', async () => {
  const cache = new LazyLayersCache();
  await cache.set('a', 1);
  await cache.set('b', 2);
  await cache.delete('a');
  assert.equal(await cache.get('b'), 2);
});

test('delete is told once, also of an absent key', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.delete('absent');
  assert.deepEqual(seen.events, [{ type: 'delete', key: 'absent' }]);
});

test('delete drops the negative entry of its key', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', () => undefined);
  await cache.delete('k');
  assert.equal(await cache.getOrSet('k', () => 'now there'), 'now there');
});

test('delete drops the stale copy of its key', async () => {
  const cache = new LazyLayersCache({ failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await cache.set('k', 'v');
  await cache.delete('k');
  const failure = new Error('source is down');
  await assert.rejects(
    cache.getOrSet('k', () => Promise.reject(failure)),
    (error) => error === failure,
  );
});

test('a key can be stored again after a delete', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.delete('k');
  await cache.set('k', 2);
  assert.equal(await cache.get('k'), 2);
});

test('delete publishes one del event with key, source, time and id', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here' });
  const before = Date.now();
  await cache.delete('k');
  await turns();
  assert.equal(hub.published.length, 1);
  const [event] = hub.published;
  assert.equal(event.type, 'del');
  assert.equal(event.source, 'here');
  assert.deepEqual(event.keys.map(String), ['k']);
  assert.equal(typeof event.id, 'string');
  assert.ok(event.ts >= before - 1 && event.ts <= Date.now() + 1);
});

test('each delete of a key publishes a higher generation', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus() });
  for (let n = 0; n < 3; n += 1) await cache.delete('k');
  await turns();
  const generations = hub.published.map((event) => event.generation);
  assert.equal(generations.length, 3);
  assert.ok(generations[0] < generations[1] && generations[1] < generations[2], String(generations));
});

test('every published event has an id of its own', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus() });
  for (let n = 0; n < 20; n += 1) await cache.delete('k');
  await cache.deleteByPattern('k*');
  await turns();
  assert.equal(new Set(hub.published.map((event) => event.id)).size, 21);
});
