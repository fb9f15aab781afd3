import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { LockStore } from './support/lock-store.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub, peerEvent } from './support/memory-bus.mjs';

/** Every way an invalidation of "k" can come in. */
const invalidations = {
  'a delete': ({ cache }) => cache.delete('k'),
  'a pattern delete': ({ cache }) => cache.deleteByPattern('?'),
  'a clear': ({ cache }) => cache.clear(),
  "a peer's delete": ({ hub }) => hub.deliver(peerEvent('del', { keys: ['k'], generation: 1 })),
  "a peer's pattern delete": ({ hub }) => hub.deliver(peerEvent('pattern', { pattern: 'k*' })),
  "a peer's clear": ({ hub }) => hub.deliver(peerEvent('pattern', { pattern: '*' })),
};

/** Ways in which a load can run. */
const settings = {
  'L1 alone': () => ({}),
  'an L2': () => ({ l2: new MapStore() }),
  'an L2 alone': () => ({ l1: false, l2: new MapStore() }),
  'a custom L1': () => ({ l1: new MapStore() }),
  versioning: () => ({ l2: new MapStore(), versioning: { enabled: true } }),
  'a distributed lock': () => ({ l2: new LockStore(), distributedLock: { enabled: true } }),
  'inflight switched off': () => ({ inflight: { enabled: false } }),
  'a full inflight table': () => ({ inflight: { maxEntries: 1 }, fillTable: true }),
};

/** A cache on a bus where the test speaks as a peer, with a load of "k" held open. */
async function loading(options) {
  const hub = new MemoryHub();
  const { fillTable, ...rest } = options;
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here', ...rest });
  const seen = record(cache);
  await until(() => hub.handlers.length === 1, 'subscribed');
  const filler = heldLoader();
  if (fillTable) {
    cache.getOrSet('filler', filler);
    await filler.called;
  }
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await loader.called;
  return { hub, cache, seen, loader, caller, l2: rest.l2, filler };
}

for (const [setting, options] of Object.entries(settings)) {
  for (const [name, invalidate] of Object.entries(invalidations)) {
    test(`with ${setting}, ${name} during a load: its caller gets the value, nobody after it does`, async () => {
      const world = await loading(options());
      await invalidate(world);
      world.loader.resolve('old');
      assert.equal(await world.caller, 'old');
      await turns(10);
      assert.equal(await world.cache.has('k'), false);
      assert.equal(await world.cache.get('k'), undefined);
      if (world.l2) assert.equal(world.l2.map.size, 0);
      assert.deepEqual(world.hub.publishedOf('set'), []);
      assert.deepEqual(world.seen.of('set:broadcast'), []);
      assert.equal(await world.cache.getOrSet('k', () => 'new'), 'new');
      assert.equal(await world.cache.get('k'), 'new');
      world.filler.resolve('filler');
    });
  }
}

for (const [name, invalidate] of Object.entries(invalidations)) {
  test(`${name} during a load: callers that had joined get the value too`, async () => {
    const world = await loading({});
    const joined = world.cache.getOrSet('k', world.loader);
    await turns();
    await invalidate(world);
    world.loader.resolve('old');
    assert.deepEqual(await Promise.all([world.caller, joined]), ['old', 'old']);
    assert.equal(world.loader.calls, 1);
    assert.equal(await world.cache.get('k'), undefined);
  });

  test(`${name} during a load: a later caller does not join it, whichever ends first`, async () => {
    for (const oldFirst of [true, false]) {
      const world = await loading({ l2: new MapStore() });
      await invalidate(world);
      const newer = heldLoader();
      const second = world.cache.getOrSet('k', newer);
      await newer.called;
      const finish = [
        async () => {
          world.loader.resolve('old');
          assert.equal(await world.caller, 'old');
        },
        async () => {
          newer.resolve('new');
          assert.equal(await second, 'new');
        },
      ];
      for (const step of oldFirst ? finish : finish.reverse()) await step();
      await turns(10);
      assert.equal(await world.cache.get('k'), 'new');
      assert.equal(world.l2.map.get('k'), 'new');
      assert.deepEqual(
        world.hub.publishedOf('set').map((event) => event.value),
        ['new'],
      );
    }
  });

  test(`${name} during a load: its value is no stale value either`, async () => {
    const world = await loading({ failSafe: { enabled: true, staleTtlMs: 60_000 } });
    await invalidate(world);
    world.loader.resolve('old');
    await world.caller;
    await turns();
    const failure = new Error('source is down');
    await assert.rejects(
      world.cache.getOrSet('k', () => Promise.reject(failure)),
      (error) => error === failure,
    );
  });

  test(`${name} during a load that finds nothing: no negative entry is left`, async () => {
    const world = await loading({ negativeCache: { ttlMs: 60_000 } });
    await invalidate(world);
    world.loader.resolve(undefined);
    assert.equal(await world.caller, undefined);
    await turns();
    assert.deepEqual(world.seen.of('negative:set'), []);
    assert.equal(await world.cache.getOrSet('k', () => 'new'), 'new');
  });

  test(`${name} during a load gone on after its soft timeout: the late value is not stored`, async () => {
    const hub = new MemoryHub();
    const cache = new LazyLayersCache({
      eventBus: hub.bus(),
      source: 'here',
      failSafe: { enabled: true, staleTtlMs: 60_000 },
      timeouts: { softMs: 5 },
    });
    const seen = record(cache);
    await until(() => hub.handlers.length === 1, 'subscribed');
    await cache.set('k', 'stale', { ttlMs: 5 });
    await pass(5);
    const loader = heldLoader();
    assert.equal(await cache.getOrSet('k', loader), 'stale');
    await invalidate({ cache, hub });
    loader.resolve('old');
    await until(() => seen.of('loader:success').length === 1);
    await turns(10);
    assert.equal(await cache.get('k'), undefined);
    assert.deepEqual(hub.publishedOf('set'), []);
  });
}

for (const [name, spare] of Object.entries({
  'a delete of another key': ({ cache }) => cache.delete('other'),
  'a pattern delete that does not match': ({ cache }) => cache.deleteByPattern('other*'),
  "a peer's delete of another key": ({ hub }) => hub.deliver(peerEvent('del', { keys: ['other'], generation: 1 })),
})) {
  test(`${name} during a load leaves its caller the value`, async () => {
    const world = await loading({});
    await spare(world);
    world.loader.resolve('v');
    assert.equal(await world.caller, 'v');
    assert.equal(await world.cache.getOrSet('k', () => 'v'), 'v');
  });
}

test('a set during a load wins over the loaded value', async () => {
  const world = await loading({ l2: new MapStore() });
  await world.cache.set('k', 'set meanwhile');
  world.loader.resolve('loaded');
  await world.caller;
  await turns(10);
  assert.equal(await world.cache.get('k'), 'set meanwhile');
  assert.equal(world.l2.map.get('k'), 'set meanwhile');
});

test('a delete and a set during a load: the set value stays', async () => {
  const world = await loading({ l2: new MapStore() });
  await world.cache.delete('k');
  await world.cache.set('k', 'set meanwhile');
  world.loader.resolve('loaded');
  assert.equal(await world.caller, 'loaded');
  await turns(10);
  assert.equal(await world.cache.get('k'), 'set meanwhile');
  assert.equal(world.l2.map.get('k'), 'set meanwhile');
});

test('an invalidation of a load under a distributed lock still releases the lock', async () => {
  const world = await loading({ l2: new LockStore(), distributedLock: { enabled: true } });
  await world.cache.delete('k');
  world.loader.resolve('old');
  await world.caller;
  await until(() => world.l2.locks.size === 0);
});

test('a load that fails after an invalidation rejects its caller alone', async () => {
  const world = await loading({});
  await world.cache.delete('k');
  const failure = new Error('source is down');
  const second = world.cache.getOrSet('k', () => 'new');
  world.loader.reject(failure);
  await assert.rejects(world.caller, (error) => error === failure);
  assert.equal(await second, 'new');
});

test('very many loads that were invalidated hold up no writes', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 100_000 } }, logging: { enabled: false } });
  const keys = Array.from({ length: 40_000 }, (_, at) => `k${at}`);
  const loader = heldLoader();
  const loads = keys.map((key) => cache.getOrSet(key, loader));
  const began = performance.now();
  await cache.deleteMany(keys);
  await cache.setMany(keys.map((key) => [key, 'set']));
  await cache.deleteMany(keys.slice(1));
  // Where each write looks through the loads, ten seconds and more.
  const ms = performance.now() - began;
  assert.ok(ms < 6000, `${ms} ms`);
  loader.resolve('loaded');
  await Promise.all(loads);
  assert.deepEqual([cache.peek('k0'), cache.peek('k1'), await cache.size()], ['set', undefined, 1]);
});

for (const others of [0, 20_000]) {
  test(`a load learns at its end that its tag was invalidated, before ${others} others`, async () => {
    const cache = new LazyLayersCache({ logging: { enabled: false } });
    const gate = heldLoader();
    const naming = (tag) => async (context) => {
      await gate();
      context.setOptions({ tags: [tag] });
      return tag;
    };
    const loads = [cache.getOrSet('a', naming('gone')), cache.getOrSet('b', naming('kept'))];
    await gate.called;
    await cache.deleteByTag('gone');
    for (let at = 0; at < others; at++) await cache.deleteByTag(`other${at}`);
    const later = cache.getOrSet('c', naming('gone'));
    gate.resolve();
    assert.deepEqual(await Promise.all([...loads, later]), ['gone', 'kept', 'gone']);
    assert.deepEqual([cache.peek('a'), cache.peek('c')], [undefined, 'gone']);
    // What is not known to be valid is not kept.
    assert.equal(cache.peek('b'), others === 0 ? 'kept' : undefined);
  });
}
