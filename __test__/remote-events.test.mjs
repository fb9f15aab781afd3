import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub, peerEvent } from './support/memory-bus.mjs';

/** One instance on a bus to which the test speaks as a peer. */
async function listener(options = {}, hub = new MemoryHub()) {
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here', ...options });
  const seen = record(cache);
  await until(() => hub.handlers.length === 1, 'subscribed');
  return { hub, cache, seen };
}

test('an event from a peer is told as received, with the event', async () => {
  const { hub, seen } = await listener();
  const event = peerEvent('del', { keys: ['k'], generation: 1 });
  await hub.deliver(event);
  await until(() => seen.of('invalidation:received').length === 1);
  const [received] = seen.of('invalidation:received');
  assert.equal(received.event.id, event.id);
  assert.equal(received.event.type, 'del');
  assert.deepEqual(received.event.keys, ['k']);
});

test('an event whose id was seen is told as a duplicate and not applied again', async () => {
  const { hub, cache, seen } = await listener();
  const event = peerEvent('del', { keys: ['k'], generation: 1 });
  await hub.deliver(event);
  await until(() => seen.of('invalidation:received').length === 1);
  await cache.set('k', 'newer');
  await hub.deliver(event);
  await until(() => seen.of('invalidation:duplicate').length === 1);
  assert.equal(seen.of('invalidation:duplicate')[0].event.id, event.id);
  assert.equal(seen.of('invalidation:received').length, 1);
  assert.equal(await cache.get('k'), 'newer');
});

test('an event of our own source is ignored without a word', async () => {
  const { hub, cache, seen } = await listener();
  await cache.set('k', 'v');
  seen.clear();
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 9, source: 'here' }));
  await turns();
  assert.deepEqual(seen.events, []);
  assert.equal(await cache.get('k'), 'v');
});

test('a repeated event of our own source counts as a duplicate before its source is looked at', async () => {
  const { hub, seen } = await listener();
  const event = peerEvent('del', { keys: ['k'], generation: 9, source: 'here' });
  await hub.deliver(event);
  await hub.deliver(event);
  await until(() => seen.of('invalidation:duplicate').length === 1);
  assert.deepEqual(seen.of('invalidation:received'), []);
});

test('an event without an id is known again by source, time, type and keys', async () => {
  const { hub, seen } = await listener();
  const { id: _, ...event } = peerEvent('del', { keys: ['a', 'b'], generation: 1 });
  await hub.deliver(event);
  await hub.deliver(event);
  await until(() => seen.of('invalidation:duplicate').length === 1);
  assert.equal(seen.of('invalidation:received').length, 1);
});

test('events without an id that differ are each applied', async () => {
  const { hub, seen } = await listener();
  const { id: _, ...event } = peerEvent('del', { keys: ['a'], generation: 1 });
  const others = [
    { ...event, source: 'another' },
    { ...event, ts: event.ts + 1 },
    { ...event, keys: ['b'] },
    { ...event, type: 'pattern', pattern: 'a*', keys: undefined },
  ];
  for (const one of [event, ...others]) await hub.deliver(one);
  await until(() => seen.of('invalidation:received').length === 5);
  assert.deepEqual(seen.of('invalidation:duplicate'), []);
});

test('a del of several keys removes each of them', async () => {
  const { hub, cache } = await listener();
  for (const key of ['a', 'b', 'c']) await cache.set(key, key);
  await hub.deliver(peerEvent('del', { keys: ['a', 'b'], generation: 1 }));
  await until(async () => (await cache.size()) === 1);
  assert.equal(await cache.get('c'), 'c');
});

test('numeric keys in an event are those of their decimal strings', async () => {
  const { hub, cache } = await listener();
  await cache.set(1, 'v');
  await cache.set('2', 'v');
  await hub.deliver(peerEvent('del', { keys: [1, 2], generation: 1 }));
  await until(async () => (await cache.size()) === 0);
  await hub.deliver(peerEvent('set', { keys: [3], value: 'three', generation: 0, ttlMs: 60_000 }));
  await until(() => cache.has('3'));
  assert.equal(await cache.get(3), 'three');
});

test('a set event older than the known generation of its key is told as stale and not applied', async () => {
  const { hub, cache, seen } = await listener();
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 5 }));
  const old = peerEvent('set', { keys: ['k'], generation: 3, value: 'old', ttlMs: 60_000 });
  await hub.deliver(old);
  await until(() => seen.of('invalidation:stale').length === 1);
  assert.deepEqual(seen.of('invalidation:stale'), [
    { type: 'invalidation:stale', eventId: old.id, eventType: 'set', key: 'k', generation: 3, localGeneration: 5 },
  ]);
  assert.equal(await cache.has('k'), false);
});

test('a set event from before a delete made here is stale', async () => {
  const { hub, cache, seen } = await listener();
  await cache.delete('k');
  await hub.deliver(peerEvent('set', { keys: ['k'], generation: 0, value: 'old', ttlMs: 60_000 }));
  await until(() => seen.of('invalidation:stale').length === 1);
  assert.equal(await cache.has('k'), false);
});

for (const wipe of ['deleteByPattern', 'clear']) {
  test(`a set event from before a ${wipe} made here is stale`, async () => {
    const { hub, cache, seen } = await listener();
    await cache.set('k', 'v');
    await cache[wipe]('k*');
    await hub.deliver(peerEvent('set', { keys: ['k'], generation: 0, value: 'old', ttlMs: 60_000 }));
    await until(() => seen.of('invalidation:stale').length === 1);
    assert.equal(await cache.has('k'), false);
  });
}

test('a set event of the known generation or a later one is applied', async () => {
  const { hub, cache } = await listener();
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 5 }));
  await hub.deliver(peerEvent('set', { keys: ['k'], generation: 5, value: 'same', ttlMs: 60_000 }));
  await until(async () => (await cache.get('k')) === 'same');
  await hub.deliver(peerEvent('set', { keys: ['k'], generation: 6, value: 'later', ttlMs: 60_000 }));
  await until(async () => (await cache.get('k')) === 'later');
});

test("an applied set event lives for the event's ttlMs", async () => {
  const { hub, cache, seen } = await listener();
  await hub.deliver(peerEvent('set', { keys: ['k'], generation: 0, value: 'v', ttlMs: 10 }));
  await until(() => seen.of('set:received').length === 1);
  await pass(10);
  assert.equal(await cache.get('k'), undefined);
});

test('a del from a peer clears a custom L2 as well', async () => {
  const l2 = new MapStore();
  const { hub, cache } = await listener({ l2 });
  await cache.set('k', 'v');
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 1 }));
  await until(() => !l2.map.has('k'));
  assert.equal(await cache.get('k'), undefined);
});

test('a pattern from a peer clears a custom L2 as well', async () => {
  const l2 = new MapStore();
  const { hub, cache } = await listener({ l2 });
  await cache.set('a:1', 'v');
  await cache.set('b:1', 'v');
  await hub.deliver(peerEvent('pattern', { pattern: 'a:*' }));
  await until(() => !l2.map.has('a:1'));
  assert.equal(await cache.get('a:1'), undefined);
  assert.equal(await cache.get('b:1'), 'v');
});

test('an event from a peer is not published on', async () => {
  const { hub, seen } = await listener();
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 1 }));
  await hub.deliver(peerEvent('pattern', { pattern: 'k*' }));
  await until(() => seen.of('invalidation:received').length === 2);
  await turns();
  assert.deepEqual(hub.published, []);
});

test('an event that is no event harms nothing', async () => {
  const asTheyAre = new MemoryHub({ copy: (event) => event });
  const { hub, cache } = await listener({ logging: { enabled: false } }, asTheyAre);
  await cache.set('k', 'v');
  const unreadable = {
    toString() {
      throw new Error('toString');
    },
  };
  for (const event of [
    undefined,
    null,
    1,
    'del',
    [],
    {},
    { type: 'del' },
    { type: 'del', keys: 'k' },
    { type: 'nonsense', id: 'n' },
    { type: 'del', keys: ['x'], source: unreadable, ts: 1n },
  ]) {
    await hub.deliver(event);
  }
  await turns();
  assert.equal(await cache.get('k'), 'v');
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 1 }));
  await until(async () => !(await cache.has('k')));
});

test('a set event that has lost its value changes nothing', async () => {
  const { hub, cache } = await listener();
  await cache.set('k', 'v');
  await hub.deliver(peerEvent('set', { keys: ['k', 'absent'], generation: 0 }));
  assert.equal(await cache.get('k'), 'v');
  assert.equal(await cache.has('absent'), false);
});

test('past eventDedupeMaxEntries the oldest id is forgotten', async () => {
  const { hub, seen } = await listener({ eventDedupeMaxEntries: 2 });
  const events = [1, 2, 3].map((n) => peerEvent('del', { keys: [`k${n}`], generation: 1 }));
  for (const event of events) await hub.deliver(event);
  await hub.deliver(events[2]);
  await until(() => seen.of('invalidation:duplicate').length === 1);
  await hub.deliver(events[0]);
  await until(() => seen.of('invalidation:received').length === 4);
});

test('after eventDedupeTtlMs an id is forgotten', async () => {
  const { hub, seen } = await listener({ eventDedupeTtlMs: 10 });
  const event = peerEvent('pattern', { pattern: 'k*' });
  await hub.deliver(event);
  await pass(10);
  await hub.deliver(event);
  await until(() => seen.of('invalidation:received').length === 2);
});
