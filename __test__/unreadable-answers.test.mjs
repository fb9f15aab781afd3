import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { isPending } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

const fault = new Error('cannot be read');

/** An answer of which not even `then` can be read. */
const unreadable = Object.defineProperty({}, 'then', {
  get() {
    throw fault;
  },
});

test('an answer of an L2 that cannot be read is a failure of the L2', async () => {
  const l2 = new MapStore();
  l2.get = () => unreadable;
  const cache = new LazyLayersCache({ l2 });
  const events = record(cache);
  const loaded = cache.getOrSet('k', () => 'loaded');
  assert.equal(await isPending(loaded), false);
  assert.equal(await loaded, 'loaded');
  assert.deepEqual(
    events.of('l2:error').map(({ operation, error }) => ({ operation, error })),
    [{ operation: 'get', error: fault }],
  );
});

test('an answer of a bus that cannot be read is a failure to publish', async () => {
  const cache = new LazyLayersCache({ eventBus: { publish: () => unreadable, subscribe: () => {} } });
  const events = record(cache);
  const deleted = cache.delete('k');
  assert.equal(await isPending(deleted), false);
  assert.equal(events.of('event-bus:publish-error').length, 1);
  assert.equal(events.of('event-bus:publish-error')[0].error, fault);
});
