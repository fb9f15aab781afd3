// Verbs of several keys among instances on a bus.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { deferred } from '../support/deferred.mjs';
import { MapStore } from '../support/map-store.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';

function peers(t, options) {
  const hub = new MemoryHub();
  const caches = ['one', 'other'].map(
    (source) => new LazyLayersCache({ eventBus: hub.bus(), source, name: 'n', ...options }),
  );
  t.after(() => Promise.all(caches.map((cache) => cache.close())));
  return [...caches, hub];
}

test('values that one instance loads are sent to the others, a message for each', async (t) => {
  const [one, other, hub] = peers(t);
  await one.getMany(['a', 'b', 'c'], () => ({ a: 1, b: 2 }));
  assert.deepEqual(
    hub.publishedOf('set').map(({ keys, value }) => [keys, value]),
    [
      [['a'], 1],
      [['b'], 2],
    ],
  );
  assert.deepEqual(
    [...(await other.getMany(['a', 'b', 'c']))],
    [
      ['a', 1],
      ['b', 2],
    ],
  );
});

test('setMany is not told, as set is not', async (t) => {
  const [one, , hub] = peers(t);
  await one.setMany({ a: 1, b: 2 });
  assert.deepEqual(hub.published, []);
});

test('a delete of a peer while a batch loads voids that key alone, here and with the peers', async (t) => {
  const [one, other, hub] = peers(t);
  const held = deferred();
  const called = deferred();
  const loading = one.getMany(['a', 'b'], () => {
    called.resolve();
    return held.promise;
  });
  await called.promise;
  await other.deleteMany(['a', 'x']);
  held.resolve(['old', 'good']);
  assert.deepEqual([...(await loading).values()], ['old', 'good']);
  assert.deepEqual([...(await one.getMany(['a', 'b']))], [['b', 'good']]);
  assert.deepEqual([...(await other.getMany(['a', 'b']))], [['b', 'good']]);
  assert.deepEqual(
    hub.publishedOf('set').map(({ keys }) => keys),
    [['b']],
  );
});

test('several keys are gone at all instances once deleteMany is fulfilled', async (t) => {
  const l2 = new MapStore();
  const [one, other] = peers(t, { l2 });
  await one.setMany({ a: 1, b: 2, c: 3 });
  await other.getMany(['a', 'b', 'c']);
  const gate = l2.hold('delete');
  const deleting = one.deleteMany(['a', 'b']);
  await gate.reached;
  // A read of the old value in the meantime does not bring it back.
  await one.getMany(['a', 'b']);
  gate.release();
  await deleting;
  for (const cache of [one, other]) assert.deepEqual([...(await cache.getMany(['a', 'b', 'c']))], [['c', 3]]);
});

test('versioned instances agree after keys were deleted together', async (t) => {
  const [one, other] = peers(t, { versioning: { enabled: true } });
  await one.delete('a');
  await one.setMany({ a: 1, b: 2 });
  await other.setMany({ a: 1, b: 2 });
  await one.deleteMany(['a', 'b']);
  assert.equal((await other.getMany(['a', 'b'])).size, 0);
  await one.getMany(['a', 'b'], () => [3, 4]);
  assert.deepEqual(
    [...(await other.getMany(['a', 'b']))],
    [
      ['a', 3],
      ['b', 4],
    ],
  );
});
