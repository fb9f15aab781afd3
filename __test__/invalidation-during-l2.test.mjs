import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { turns, until } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub, peerEvent } from './support/memory-bus.mjs';

const invalidations = {
  'a delete': ({ cache }) => cache.delete('k'),
  'a pattern delete': ({ cache }) => cache.deleteByPattern('k*'),
  'a clear': ({ cache }) => cache.clear(),
  "a peer's delete": ({ hub }) => hub.deliver(peerEvent('del', { keys: ['k'], generation: 1 })),
  "a peer's pattern delete": ({ hub }) => hub.deliver(peerEvent('pattern', { pattern: 'k*' })),
};

async function over(l2, options = {}) {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ l2, eventBus: hub.bus(), source: 'here', ...options });
  await until(() => hub.handlers.length === 1, 'subscribed');
  return { hub, cache, l2 };
}

/** Once everything has come to rest, no layer may give out the invalidated value. */
async function nothingLeft({ cache, l2, hub }) {
  await until(() => !l2.map.has('k'), 'L2 rid of the value');
  await turns(10);
  assert.equal(l2.map.has('k'), false);
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.has('k'), false);
  assert.deepEqual(hub.publishedOf('set'), []);
}

for (const [name, invalidate] of Object.entries(invalidations)) {
  for (const verb of ['get', 'getOrSet', 'has']) {
    test(`${name} while ${verb} has read the old value from a slow L2: it is not promoted`, async () => {
      const world = await over(new MapStore([['k', 'old']]));
      const gate = world.l2.holdAfter('get');
      const hasGate = world.l2.holdAfter('has');
      const reading = verb === 'getOrSet' ? world.cache.getOrSet('k', () => undefined) : world.cache[verb]('k');
      await Promise.race([gate.reached, hasGate.reached]);
      await invalidate(world);
      gate.release();
      hasGate.release();
      await reading;
      await nothingLeft(world);
    });
  }

  test(`${name} before the loader is called, while L2 is read: a value loaded after it may stay`, async () => {
    const world = await over(new MapStore());
    const gate = world.l2.holdAfter('get');
    const loading = world.cache.getOrSet('k', () => 'loaded');
    await gate.reached;
    await invalidate(world);
    gate.release();
    assert.equal(await loading, 'loaded');
    assert.equal(await world.cache.getOrSet('k', () => 'loaded'), 'loaded');
  });

  for (const [point, hold] of Object.entries({
    'has not reached the map': (l2) => l2.hold('set'),
    'is in the map and not answered': (l2) => l2.holdAfter('set'),
  })) {
    test(`${name} while the write of a loaded value to L2 ${point}: the value does not stay`, async () => {
      const world = await over(new MapStore());
      const gate = hold(world.l2);
      const loading = world.cache.getOrSet('k', () => 'old');
      await gate.reached;
      const invalidating = invalidate(world);
      await turns();
      gate.release();
      assert.equal(await loading, 'old');
      await invalidating;
      await nothingLeft(world);
    });
  }

  test(`${name} of which the L2 delete is slow: a value that a reader finds in L2 meanwhile does not stay`, async () => {
    const world = await over(new MapStore([['k', 'old']]));
    const gates = [world.l2.hold('delete'), world.l2.hold('deleteByPattern'), world.l2.hold('clear')];
    const invalidating = invalidate(world);
    await Promise.race(gates.map((gate) => gate.reached));
    await world.cache.get('k');
    for (const gate of gates) gate.release();
    await invalidating;
    await nothingLeft(world);
  });

  test(`${name} of which the L2 delete is slow: a value that a slow reader found in L2 meanwhile does not come back after it`, async () => {
    const world = await over(new MapStore([['k', 'old']]));
    const gates = [world.l2.hold('delete'), world.l2.hold('deleteByPattern'), world.l2.hold('clear')];
    const invalidating = invalidate(world);
    await Promise.race(gates.map((gate) => gate.reached));
    const answer = world.l2.holdAfter('get');
    const reading = world.cache.get('k');
    await answer.reached;
    for (const gate of gates) gate.release();
    await invalidating;
    answer.release();
    await reading;
    await nothingLeft(world);
  });

  for (const point of ['hold', 'holdAfter']) {
    test(`${name} while a loaded value is written to a custom L1 (${point}): the value does not stay`, async () => {
      const l1 = new MapStore();
      const world = await over(new MapStore(), { l1 });
      const gate = l1[point]('set');
      const loading = world.cache.getOrSet('k', () => 'old');
      await gate.reached;
      const invalidating = invalidate(world);
      await turns();
      gate.release();
      assert.equal(await loading, 'old');
      await invalidating;
      await until(() => !l1.map.has('k'), 'L1 rid of the value');
      await nothingLeft(world);
    });
  }

  test(`${name} of which the L2 delete is slow: L1 returns nothing once it is answered`, async () => {
    const world = await over(new MapStore());
    await world.cache.set('k', 'old');
    const gates = [world.l2.hold('delete'), world.l2.hold('deleteByPattern'), world.l2.hold('clear')];
    const invalidating = invalidate(world);
    await Promise.race(gates.map((gate) => gate.reached));
    for (const gate of gates) gate.release();
    await invalidating;
    await nothingLeft(world);
  });
}

test('a value being read from L2 does not overwrite a value that is set meanwhile', async () => {
  const world = await over(new MapStore([['k', 'old']]));
  const gate = world.l2.holdAfter('get');
  const reading = world.cache.get('k');
  await gate.reached;
  await world.cache.set('k', 'new');
  gate.release();
  await reading;
  assert.equal(await world.cache.get('k'), 'new');
});

test('a slow read of L2 does not bring back a value deleted and set anew', async () => {
  const world = await over(new MapStore([['k', 'old']]));
  const gate = world.l2.holdAfter('get');
  const reading = world.cache.get('k');
  await gate.reached;
  await world.cache.delete('k');
  await world.cache.set('k', 'new');
  gate.release();
  await reading;
  assert.equal(await world.cache.get('k'), 'new');
  assert.equal(world.l2.map.get('k'), 'new');
});

test('a value read from L2 and invalidated meanwhile is no stale value', async () => {
  const world = await over(new MapStore([['k', 'old']]), { failSafe: { enabled: true, staleTtlMs: 60_000 } });
  const gate = world.l2.holdAfter('get');
  const reading = world.cache.get('k');
  await gate.reached;
  await world.cache.delete('k');
  gate.release();
  await reading;
  const failure = new Error('source is down');
  await assert.rejects(
    world.cache.getOrSet('k', () => Promise.reject(failure)),
    (error) => error === failure,
  );
});

for (const point of ['hold', 'holdAfter']) {
  for (const [name, meanwhile] of Object.entries({
    'a set': (cache) => cache.set('k', 'new'),
    'a delete and a set': (cache) => cache.delete('k').then(() => cache.set('k', 'new')),
    'a delete and another load': (cache) => cache.delete('k').then(() => cache.getOrSet('k', () => 'new')),
  })) {
    test(`${name} while a loaded value is written to L2 (${point}): the old value is nowhere`, async () => {
      const world = await over(new MapStore());
      const gate = world.l2[point]('set');
      const loading = world.cache.getOrSet('k', () => 'old');
      await gate.reached;
      await meanwhile(world.cache);
      gate.release();
      assert.equal(await loading, 'old');
      await until(() => world.l2.map.get('k') !== 'old');
      await turns(10);
      assert.notEqual(world.l2.map.get('k'), 'old');
      assert.equal(await world.cache.get('k'), 'new');
    });
  }
}
