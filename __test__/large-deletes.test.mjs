// Deletes of so many entries that they take more than one turn of the event loop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LazyLayersCache } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub } from './support/memory-bus.mjs';

const ENTRIES = 60_000;
const keyOf = (n) => `${n % 2 === 0 ? 'user' : 'post'}:${n}`;

async function filled(options = {}) {
  const cache = new LazyLayersCache({ ...options, levels: { L1: { maxEntries: 2 * ENTRIES } } });
  for (let n = 0; n < ENTRIES; n += 1) await cache.set(keyOf(n), n);
  assert.equal(await cache.size(), ENTRIES);
  return cache;
}

test('a delete of many keys lets others have their turn, and removes all of them', async () => {
  const cache = await filled();
  const deleting = cache.deleteByPattern('user:*').then(() => 'over');
  let turns = 0;
  while ((await Promise.race([deleting, nextTurn('turn')])) === 'turn') turns += 1;
  assert.ok(turns > 3, `${turns} turns`);
  assert.equal(await cache.size(), ENTRIES / 2);
  for (let n = 0; n < ENTRIES; n += 1) assert.equal(await cache.get(keyOf(n)), n % 2 === 0 ? undefined : n);
});

test('a value stored after a delete has begun stays, whatever stored it', async () => {
  const cache = await filled();
  await cache.delete(keyOf(0));
  const deleting = cache.deleteByPattern('user:*');
  // Old entries at either end of the layer, new ones, and ones in the place of what the delete has removed.
  await cache.set(keyOf(ENTRIES - 2), 'written');
  await cache.set(keyOf(2), 'written');
  await cache.set('user:new', 'written', { ttlMs: 60_000 });
  await cache.delete(keyOf(ENTRIES - 4));
  assert.equal(await cache.getOrSet(keyOf(ENTRIES - 4), () => 'loaded'), 'loaded');
  await nextTurn();
  await cache.set('user:newer', 'written');
  await deleting;
  const kept = [keyOf(ENTRIES - 2), keyOf(2), 'user:new', keyOf(ENTRIES - 4), 'user:newer'];
  assert.deepEqual(await Promise.all(kept.map((key) => cache.get(key))), [
    'written',
    'written',
    'written',
    'loaded',
    'written',
  ]);
  assert.equal(await cache.size(), ENTRIES / 2 + kept.length);
});

test('a load that was running when a large delete began stores nothing', async () => {
  const cache = await filled();
  let answer;
  const caller = cache.getOrSet(
    'user:loaded',
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const deleting = cache.deleteByPattern('user:*');
  answer('older');
  assert.equal(await caller, 'older');
  await deleting;
  assert.equal(await cache.get('user:loaded'), undefined);
});

test('a stale copy that was read in the middle of a large delete does not come back', async () => {
  const cache = await filled({ failSafe: { enabled: true } });
  const deleting = cache.deleteByPattern('user:*');
  for (let n = ENTRIES - 2000; n < ENTRIES; n += 1) await cache.get(keyOf(n));
  await deleting;
  const failing = () => Promise.reject(new Error('source is down'));
  for (const n of [ENTRIES - 2, ENTRIES - 1000]) {
    await assert.rejects(cache.getOrSet(keyOf(n), failing), /source is down/);
  }
});

test('two large deletes at once, and one of a closed cache, end', async () => {
  const cache = await filled();
  await Promise.all([cache.deleteByPattern('user:*'), cache.deleteByPattern('post:*'), cache.clear()]);
  assert.equal(await cache.size(), 0);
  const other = await filled();
  const deleting = other.clear();
  await other.close();
  await deleting;
});

test('a large delete reaches L2 and the other instances', async () => {
  const hub = new MemoryHub();
  const l2 = new MapStore();
  const one = await filled({ l2, eventBus: hub.bus() });
  const two = await filled({ eventBus: hub.bus() });
  await one.deleteByPattern('user:*');
  assert.equal([...l2.map.keys()].filter((key) => key.startsWith('user:')).length, 0);
  for (let turn = 0; (await two.size()) > ENTRIES / 2 && turn < 10_000; turn += 1) await nextTurn();
  assert.equal(await two.size(), ENTRIES / 2);
});

test('a value that is read while it waits to be deleted leaves no stale copy', async () => {
  // With versions every read is one of the layer, which renews the copy.
  const cache = await filled({ versioning: { enabled: true }, failSafe: { enabled: true, staleTtlMs: 60_000 } });
  const last = keyOf(ENTRIES - 1);
  const deleting = cache.clear();
  await nextTurn();
  assert.equal(await cache.get(last), ENTRIES - 1);
  await deleting;
  const failure = new Error('source is down');
  await assert.rejects(
    cache.getOrSet(last, () => Promise.reject(failure)),
    (error) => error === failure,
  );
});
