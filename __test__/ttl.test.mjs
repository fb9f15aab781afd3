import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { pass, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

const HOUR = 3_600_000;

/** The lifetime a store was asked for. */
const askedOf = (call, level) => call.args[2]?.levels?.[level]?.ttlMs ?? call.args[2]?.ttlMs;

/** The lifetimes both layers are asked for at one set. */
async function asked(instance, perCall) {
  const l1 = new MapStore();
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ ...instance, l1, l2 });
  await cache.set('k', 'v', perCall);
  return { L1: askedOf(l1.callsOf('set')[0], 'L1'), L2: askedOf(l2.callsOf('set')[0], 'L2') };
}

test('an entry is gone after its ttlMs', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10 });
  await cache.set('k', 'v');
  await cache.set('longer', 'v', { ttlMs: 60_000 });
  await pass(10);
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.get('longer'), 'v');
});

test('a store of the user gets lifetimes of whole milliseconds as they were given', async () => {
  const store = new MapStore();
  const cache = new LazyLayersCache({ l1: false, l2: store, logging: { enabled: false } });
  const given = Array.from({ length: 3000 }, (_, at) => at + 1);
  for (const ttlMs of given) await cache.getOrSet(`${ttlMs}`, () => 1, { ttlMs });
  assert.deepEqual(
    store.callsOf('set').map((call) => askedOf(call, 'L2')),
    given,
  );
});

test('an expired entry is a miss, not a hit', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10 });
  await cache.set('k', 'v');
  await pass(10);
  const seen = record(cache);
  await cache.get('k');
  assert.deepEqual(seen.events, [
    { type: 'evict', key: 'k', reason: 'expired' },
    { type: 'miss', key: 'k', level: 'L1' },
  ]);
});

test('has is false for an expired entry', async () => {
  const cache = new LazyLayersCache({ ttlMs: 10 });
  await cache.set('k', 'v');
  await pass(10);
  assert.equal(await cache.has('k'), false);
});

test('size does not count expired entries', async () => {
  const cache = new LazyLayersCache();
  await cache.set('short', 1, { ttlMs: 10 });
  await cache.set('short too', 1, { ttlMs: 10 });
  await cache.set('long', 2);
  await pass(10);
  assert.equal(await cache.size(), 1);
});

test('overwriting an entry starts a new lifetime', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1, { ttlMs: 10 });
  await cache.set('k', 2, { ttlMs: 60_000 });
  await pass(10);
  assert.equal(await cache.get('k'), 2);
});

test('a shorter lifetime replaces a longer one', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.get('k');
  await cache.set('k', 2, { ttlMs: 10 });
  await pass(10);
  assert.equal(await cache.get('k'), undefined);
});

test('reading an entry does not lengthen its life', async () => {
  const cache = new LazyLayersCache({ ttlMs: 60 });
  await cache.set('k', 'v');
  await until(async () => (await cache.get('k')) === undefined, 'an entry that is read every few ms expires');
});

test("without any ttlMs an entry lives one hour, and stores of the user's for as long as they like", async () => {
  const store = new MemoryStore();
  await new LazyLayersCache({ l1: store }).set('k', 1);
  const [{ ttlRemainingMs }] = (await store.inspect()).keys;
  assert.ok(ttlRemainingMs > HOUR - 60_000 && ttlRemainingMs <= HOUR, String(ttlRemainingMs));
  assert.deepEqual(await asked({}), { L1: undefined, L2: undefined });
});

test("the constructor's ttlMs holds for both layers", async () => {
  assert.deepEqual(await asked({ ttlMs: 111 }), { L1: 111, L2: 111 });
});

test("the constructor's levels beat its ttlMs", async () => {
  const instance = { ttlMs: 111, levels: { L1: { ttlMs: 222 }, L2: { ttlMs: 333 } } };
  assert.deepEqual(await asked(instance), { L1: 222, L2: 333 });
});

test("a call's ttlMs beats the constructor's levels", async () => {
  const instance = { ttlMs: 111, levels: { L1: { ttlMs: 222 }, L2: { ttlMs: 333 } } };
  assert.deepEqual(await asked(instance, { ttlMs: 444 }), { L1: 444, L2: 444 });
});

test("a call's levels beat the call's ttlMs", async () => {
  const perCall = { ttlMs: 444, levels: { L1: { ttlMs: 555 } } };
  assert.deepEqual(await asked({ ttlMs: 111 }, perCall), { L1: 555, L2: 444 });
});

test("the call's level lifetime governs L1", async () => {
  const cache = new LazyLayersCache({ ttlMs: 60_000 });
  await cache.set('k', 'v', { levels: { L1: { ttlMs: 10 } } });
  await pass(10);
  assert.equal(await cache.get('k'), undefined);
});

test('an L1 shorter than L2 is refilled from L2', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2, levels: { L1: { ttlMs: 10 } } });
  await cache.set('k', 'v');
  await pass(10);
  assert.equal(await cache.get('k'), 'v');
  assert.equal(l2.callsOf('get').length, 1);
});

test('a value promoted from L2 lives in L1 for the L1 lifetime', async () => {
  const l2 = new MapStore([['k', 'v']]);
  const cache = new LazyLayersCache({ l2, levels: { L1: { ttlMs: 20 } } });
  await cache.get('k');
  await pass(20);
  await cache.get('k');
  assert.equal(l2.callsOf('get').length, 2);
});

for (const forever of [0, Infinity]) {
  test(`ttlMs ${forever} means no expiry`, async () => {
    const cache = new LazyLayersCache({ ttlMs: forever });
    await cache.set('k', 'v');
    await pass(20);
    assert.equal(await cache.get('k'), 'v');
  });

  test(`ttlMs ${forever} of a call beats the instance's lifetime`, async () => {
    const cache = new LazyLayersCache({ ttlMs: 10 });
    await cache.set('k', 'v', { ttlMs: forever });
    await pass(20);
    assert.equal(await cache.get('k'), 'v');
  });
}

for (const longest of [2 ** 31, 2 ** 31 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
  test(`a lifetime of ${longest} ms does not overflow`, async () => {
    const cache = new LazyLayersCache({ ttlMs: longest });
    await cache.set('k', 'v');
    await pass(10);
    assert.equal(await cache.get('k'), 'v');
    assert.equal(await cache.size(), 1);
  });
}

test("a value loaded by getOrSet expires by the call's ttlMs", async () => {
  const cache = new LazyLayersCache();
  await cache.getOrSet('k', () => 1, { ttlMs: 10 });
  await pass(10);
  assert.equal(await cache.getOrSet('k', () => 2), 2);
});

test('an entry whose lifetime is over is dropped before one that lives', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 2 } } });
  await cache.set('short', 1, { ttlMs: 10 });
  await cache.set('long', 2);
  await pass(10);
  assert.equal(await cache.size(), 1);
  await cache.set('new', 3);
  assert.equal(await cache.size(), 2);
  assert.equal(await cache.get('long'), 2);
});
