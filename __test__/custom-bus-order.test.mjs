// On a bus of the user's: a value whose load began before an invalidation of its key is kept by nobody, as long as the
// bus passes on all fields of an event.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeInvalidationEvent, encodeInvalidationEvent } from 'lazy-layers-cache/event-bus';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';

const QUIET = { logging: { enabled: false } };
/** How events get from one instance to another. */
const COPIES = {
  'as they are': (event) => structuredClone(event),
  'as JSON': (event) => JSON.parse(JSON.stringify(event)),
  'as the buses of this package send them': (event) => decodeInvalidationEvent(encodeInvalidationEvent(event)),
};

/** A bus on which events wait at each instance until the test lets them arrive. */
function heldHub(copy) {
  const inboxes = [];
  const bus = () => {
    const inbox = { waiting: [], handler: undefined };
    inboxes.push(inbox);
    return {
      async publish(event) {
        for (const other of inboxes) other.waiting.push(copy(event));
      },
      async subscribe(handler) {
        inbox.handler = handler;
      },
    };
  };
  /** Has events arrive at an instance; returns how many. */
  const deliver = async (at) => {
    const inbox = inboxes[at];
    const arriving = inbox.waiting.splice(0);
    for (const event of arriving) await inbox.handler(event);
    return arriving.length;
  };
  return { bus, deliver };
}

for (const [how, copy] of Object.entries(COPIES)) {
  for (const [what, invalidate] of [
    ['a pattern', (cache) => cache.deleteByPattern('user:*')],
    ['clear', (cache) => cache.clear()],
    ['a delete', (cache) => cache.delete('user:1')],
  ]) {
    test(`a value of a load from before ${what} is kept by nobody, events ${how}`, async () => {
      const hub = heldHub(copy);
      const make = (at) => new LazyLayersCache({ eventBus: hub.bus(), source: `i${at}`, ...QUIET });
      const [loader, deleter, third] = [0, 1, 2].map(make);
      const [seen, thirdSeen] = [record(deleter), record(third)];
      await turns();
      const held = heldLoader();
      const load = loader.getOrSet('user:1', held);
      await held.called;
      // Both have counted the same number of deletes.
      if (what === 'a delete') await third.delete('user:1');
      await invalidate(deleter);
      held.resolve('old');
      assert.equal(await load, 'old');
      await until(async () => (await hub.deliver(1)) > 0, 'events arrive');
      await hub.deliver(2);
      for (const cache of [deleter, third]) assert.equal(await cache.get('user:1'), undefined);
      for (const { of } of [seen, thirdSeen]) {
        assert.deepEqual(
          of('invalidation:stale').map(({ eventType }) => eventType),
          ['set'],
        );
      }
      // One that has heard of it is believed.
      await hub.deliver(0);
      await loader.getOrSet('user:1', () => 'new');
      for (const at of [1, 2]) await hub.deliver(at);
      for (const cache of [deleter, third]) assert.equal(await cache.get('user:1'), 'new');
    });
  }
}
