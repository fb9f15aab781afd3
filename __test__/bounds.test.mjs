import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { residentBytes } from './support/garbage.mjs';
import { MemoryHub, peerEvent } from './support/memory-bus.mjs';

const MANY = 120_000;
const MIB = 1_048_576;
const ROOM = 100 * MIB;
const filler = 'x'.repeat(1_000);

/** Long keys, so that kept ones show in memory: about 120 MB were each to be kept. */
const longKey = (n) => `${n}:${filler}`;

/** How much memory grows while `step` runs over many keys, once the process is warm. */
async function growth(step) {
  for (let n = 0; n < 2_000; n += 1) await step(`warm ${n}`);
  const before = await residentBytes();
  for (let n = 0; n < MANY; n += 1) await step(longKey(n));
  return (await residentBytes()) - before;
}

const mebibytes = (bytes) => `${Math.round(bytes / MIB)} MiB`;

test('without maxEntries negative entries are bounded too', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 3_600_000 } });
  for (let n = 0; n < MANY; n += 1) await cache.getOrSet(longKey(n), () => undefined);
  const seen = record(cache);
  await cache.get(longKey(0));
  await cache.get(longKey(MANY - 1));
  assert.deepEqual(
    seen.of('miss').map((event) => event.level),
    ['L1', 'negative'],
  );
});

test('stale values are bounded', async () => {
  const failSafe = { enabled: true, staleTtlMs: 3_600_000 };
  const cache = new LazyLayersCache({ failSafe, levels: { L1: { maxEntries: 10 } } });
  for (let n = 0; n < MANY; n += 1) await cache.set(longKey(n), n);
  const failure = new Error('source is down');
  const failing = () => Promise.reject(failure);
  assert.equal(await cache.getOrSet(longKey(MANY - 1000), failing), MANY - 1000);
  await assert.rejects(cache.getOrSet(longKey(0), failing), (error) => error === failure);
});

test('deleting ever new keys does not grow memory', async () => {
  const cache = new LazyLayersCache();
  const grown = await growth((key) => cache.delete(key));
  assert.ok(grown < ROOM, mebibytes(grown));
});

test('deleting ever new keys under versioning does not grow memory', async () => {
  const cache = new LazyLayersCache({ versioning: { enabled: true } });
  const grown = await growth((key) => cache.delete(key));
  assert.ok(grown < ROOM, mebibytes(grown));
});

test('missing ever new keys does not grow memory', async () => {
  const cache = new LazyLayersCache();
  const grown = await growth((key) => cache.get(key));
  assert.ok(grown < ROOM, mebibytes(grown));
});

test('loading ever new keys does not grow memory beyond L1', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 10 } } });
  const grown = await growth((key) => cache.getOrSet(key, () => 1));
  assert.ok(grown < ROOM, mebibytes(grown));
});

test('events of ever new ids and keys do not grow memory', async () => {
  const hub = new MemoryHub({ copy: (event) => event });
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here' });
  await until(() => hub.handlers.length === 1, 'subscribed');
  const grown = await growth((key) => hub.deliver(peerEvent('del', { keys: [key], generation: 1 })));
  assert.ok(grown < ROOM, mebibytes(grown));
  assert.equal(await cache.size(), 0);
});

test('ten thousand event ids are remembered when nothing else is said, no more', async () => {
  const hub = new MemoryHub({ copy: (event) => event });
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here' });
  await until(() => hub.handlers.length === 1, 'subscribed');
  const events = Array.from({ length: 10_001 }, (_, n) => peerEvent('del', { keys: [`k${n}`], generation: 1 }));
  for (const event of events) await hub.deliver(event);
  const seen = record(cache);
  await hub.deliver(events[1]);
  await until(() => seen.of('invalidation:duplicate').length === 1);
  await hub.deliver(events[0]);
  await until(() => seen.of('invalidation:received').length === 1);
});

test('under maxBytes a long list weighs in proportion to its length', async () => {
  const store = new MemoryStore({ levels: { L1: { maxBytes: 1_000_000_000 } } });
  const lists = {
    array: (length) => Array.from({ length }, (_, n) => n),
    set: (length) => new Set(Array.from({ length }, (_, n) => n)),
    map: (length) => new Map(Array.from({ length }, (_, n) => [n, n])),
    object: (length) => Object.fromEntries(Array.from({ length }, (_, n) => [`k${n}`, n])),
  };
  for (const [kind, make] of Object.entries(lists)) {
    await store.set(`short ${kind}`, make(1_000));
    await store.set(`long ${kind}`, make(100_000));
  }
  const { keys } = await store.inspect();
  const bytes = new Map(keys.map(({ key, memoryBytes }) => [key, memoryBytes]));
  for (const kind of Object.keys(lists)) {
    const ratio = bytes.get(`long ${kind}`) / bytes.get(`short ${kind}`);
    assert.ok(ratio > 90 && ratio < 110, `${kind}: ${ratio}`);
  }
});

test('under maxBytes weighing ends, whatever a value says of itself', async () => {
  class Endless extends Array {
    *[Symbol.iterator]() {
      for (;;) yield 1;
    }
  }
  const cache = new LazyLayersCache({ levels: { L1: { maxBytes: 1_000_000_000 } } });
  const value = new Endless(3);
  await cache.set('k', value);
  assert.equal(await cache.get('k'), value);
});
