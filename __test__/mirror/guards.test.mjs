import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import contract from '../../lib/contract/numbers.js';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { heldLoader, pass } from '../support/deferred.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';

const { JOURNAL, RECORD } = contract;

// The guards that keep the mirror from answering, storing or leading. Each test fails without its line.

const require = createRequire(import.meta.url);
const { LIMITS } = require('../../lib/memory/slots.js');

/** Runs the clock by which loads are led in front. */
const wake = (cache) => cache.has('a key that nobody stores');

/** A load that is led in front. */
async function led(cache, key = 'k') {
  await wake(cache);
  const loader = heldLoader();
  return { loader, caller: cache.getOrSet(key, loader) };
}

for (const [verb, invalidate] of [
  ['delete', (cache) => cache.delete('k')],
  ['deleteByPattern', (cache) => cache.deleteByPattern('k')],
]) {
  test(`a load that was replaced, as it was too old to be joined, does not bring back entries that a ${verb} removed`, async () => {
    const cache = new LazyLayersCache();
    const { loader, caller } = await led(cache);
    assert.equal(await cache.getOrSet('k', () => 'second', { inflight: { ttlMs: 0 } }), 'second');
    await invalidate(cache);
    loader.resolve('first');
    assert.equal(await caller, 'first');
    assert.equal(await cache.get('k'), undefined);
  });
}

test('a load of one of two caches over a store is not stored after a delete by the other', async () => {
  const store = new MemoryStore();
  const [one, two] = [new LazyLayersCache({ l1: store }), new LazyLayersCache({ l1: store })];
  const { loader, caller } = await led(one);
  await two.delete('k');
  loader.resolve('old');
  assert.equal(await caller, 'old');
  assert.equal(await one.get('k'), undefined);
});

test('a load in front whose cache starts to share its layer is not joined any more', async () => {
  const store = new MemoryStore();
  const { loader, caller } = await led(store);
  const cache = new LazyLayersCache({ l1: store });
  await cache.set('k', 'set', { ttlMs: 10 });
  await pass(10);
  assert.equal(await store.getOrSet('k', () => 'new'), 'new');
  loader.resolve('old');
  await caller;
});

test('a key that one cache knows to be absent is loaded by another that comes to stand on its layer', async () => {
  const store = new MemoryStore({ negativeCache: { ttlMs: 60_000 } });
  await store.getOrSet('k', () => undefined);
  assert.equal(await store.getOrSet('k', () => assert.fail('loader ran')), undefined);
  const cache = new LazyLayersCache({ l1: store });
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});

test('once others change the layer no write is left in the ledger, where a replay could find it again', async () => {
  const store = new MemoryStore();
  await wake(store);
  for (const key of ['a', 'b', 'a']) await store.set(key, 1);
  const [symbol] = Object.getOwnPropertySymbols(store);
  const ledger = store[symbol].table.journal.words;
  const records = ledger.subarray(JOURNAL.HEAD, JOURNAL.HEAD + JOURNAL.RECORDS);
  const isInsert = (record) => (record & RECORD.INSERT) !== 0 && record !== RECORD.DRAINED;
  assert.ok(records.some(isInsert), 'something was noted');
  new LazyLayersCache({ l1: store, failSafe: { enabled: true, staleTtlMs: 1000 } });
  assert.ok(records.every((record) => record === RECORD.DRAINED));
});

test('a value that is loaded while the clock of the front stands still expires', async () => {
  const cache = new LazyLayersCache({ ttlMs: 50 });
  const { loader, caller } = await led(cache);
  // It stops after a quarter of a second without a request.
  await sleep(600);
  loader.resolve('v');
  assert.equal(await caller, 'v');
  await pass(50);
  assert.equal(await cache.get('k'), undefined);
});

test('a cache that is being closed answers no hits while it waits for loads', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), 'v');
  const { loader, caller } = await led(cache, 'loading');
  const closing = cache.close();
  await assert.rejects(cache.get('k'), { code: 'CACHE_CLOSED' });
  await assert.rejects(cache.has('k'), { code: 'CACHE_CLOSED' });
  loader.resolve(1);
  await Promise.all([caller, closing]);
});

test('a cache that is closed answers no hits of the store that it stood on', async () => {
  const store = new MemoryStore();
  const cache = new LazyLayersCache({ l1: store });
  await cache.set('k', 'v');
  await cache.close();
  await assert.rejects(cache.get('k'), { code: 'CACHE_CLOSED' });
  assert.equal(await store.get('k'), 'v');
});

test('a value that an event stored under several keys is written over for one of them alone', async () => {
  const hub = new MemoryHub();
  const store = new MemoryStore();
  const cache = new LazyLayersCache({ l1: store, eventBus: hub.bus() });
  await hub.deliver({ id: '1', type: 'set', source: 'peer', ts: Date.now(), keys: ['a', 'b'], value: 'v' });
  assert.deepEqual([await store.get('a'), await store.get('b')], ['v', 'v']);
  await store.set('a', 'new');
  assert.deepEqual([await store.get('a'), await store.get('b'), await cache.get('b')], ['new', 'v', 'v']);
});

test('beyond the keys that a map takes nothing is loaded that is there', async () => {
  const most = LIMITS.keys;
  LIMITS.keys = 10;
  try {
    const cache = new LazyLayersCache();
    for (let key = 0; key < 20; key++) await cache.set(`k${key}`, key, { ttlMs: 60_000 });
    await wake(cache);
    for (let key = 0; key < 20; key++) {
      assert.equal(await cache.getOrSet(`k${key}`, () => assert.fail('loader ran')), key);
    }
  } finally {
    LIMITS.keys = most;
  }
});

test('a slot that is cleared answers nothing, whatever its word said', async () => {
  const store = new MemoryStore();
  const [symbol] = Object.getOwnPropertySymbols(store);
  const { table } = store[symbol];
  const slot = table.put('k', 'v');
  table.words[slot] = Infinity;
  table.clear(slot);
  table.link('k', slot);
  assert.deepEqual([table.words[slot], await store.has('k')], [0, false]);
});
