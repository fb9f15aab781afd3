import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { deferred, pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MemoryHub } from './support/memory-bus.mjs';

/** A cache whose bus fails at every publish. */
function overFaultyBus(eventBusCircuitBreaker) {
  const error = new Error('bus is down');
  const bus = {
    publishes: 0,
    publish() {
      bus.publishes += 1;
      return bus.works ? Promise.resolve() : Promise.reject(error);
    },
    async subscribe() {},
  };
  const cache = new LazyLayersCache({
    eventBus: bus,
    resilience: { eventBusCircuitBreaker },
    logging: { enabled: false },
  });
  return { bus, cache, error, seen: record(cache) };
}

test('a failing publish is told with the type of its event, the state and the error', async () => {
  const { cache, error, seen } = overFaultyBus({ failureThreshold: 5 });
  await cache.delete('k');
  await cache.deleteByPattern('k*');
  await cache.getOrSet('k', () => 1);
  await until(() => seen.of('event-bus:publish-error').length === 3);
  assert.deepEqual(seen.of('event-bus:publish-error'), [
    { type: 'event-bus:publish-error', eventType: 'del', state: 'closed', error },
    { type: 'event-bus:publish-error', eventType: 'pattern', state: 'closed', error },
    { type: 'event-bus:publish-error', eventType: 'set', state: 'closed', error },
  ]);
});

test('while the bus breaker is open nothing is published, and that is told', async () => {
  const { bus, cache, seen } = overFaultyBus({ failureThreshold: 1, cooldownMs: 60_000 });
  await cache.delete('a');
  await until(() => seen.of('event-bus:publish-error').length === 1);
  await cache.delete('b');
  await until(() => seen.of('event-bus:publish-skipped').length === 1);
  assert.deepEqual(seen.of('event-bus:publish-skipped'), [
    { type: 'event-bus:publish-skipped', eventType: 'del', state: 'open' },
  ]);
  assert.equal(bus.publishes, 1);
});

test('the last failure that opens the bus breaker says open', async () => {
  const { cache, seen } = overFaultyBus({ failureThreshold: 2, cooldownMs: 60_000 });
  await cache.delete('a');
  await cache.delete('b');
  await until(() => seen.of('event-bus:publish-error').length === 2);
  assert.deepEqual(
    seen.of('event-bus:publish-error').map((event) => event.state),
    ['closed', 'open'],
  );
});

test('after the cooldown the bus is tried again', async () => {
  const { bus, cache, seen } = overFaultyBus({ failureThreshold: 1, cooldownMs: 15 });
  await cache.delete('a');
  await until(() => seen.of('event-bus:publish-error').length === 1);
  bus.works = true;
  await pass(15);
  await cache.delete('b');
  await until(() => bus.publishes >= 2);
});

test('a failing bus rejects no call', async () => {
  const { cache } = overFaultyBus({ failureThreshold: 1, cooldownMs: 60_000 });
  for (let n = 0; n < 3; n += 1) {
    await cache.delete('k');
    await cache.deleteByPattern('k*');
    await cache.clear();
    assert.equal(await cache.getOrSet(`k${n}`, () => n), n);
  }
});

test('a publish that throws at its call is a publish error', async () => {
  const error = new Error('thrown');
  const eventBus = {
    publish() {
      throw error;
    },
    async subscribe() {},
  };
  const cache = new LazyLayersCache({ eventBus, logging: { enabled: false } });
  const seen = record(cache);
  await cache.delete('k');
  await until(() => seen.of('event-bus:publish-error').length === 1);
  assert.equal(seen.of('event-bus:publish-error')[0].error, error);
});

test('no value is told as broadcast when its publish failed', async () => {
  const { cache, seen } = overFaultyBus({ failureThreshold: 5 });
  await cache.getOrSet('k', () => 1);
  await until(() => seen.of('event-bus:publish-error').length === 1);
  await turns();
  assert.deepEqual(seen.of('set:broadcast'), []);
});

test('a bus that cannot be subscribed to leaves the cache working', async () => {
  const buses = [
    { publish: async () => {}, subscribe: () => Promise.reject(new Error('no')) },
    {
      publish: async () => {},
      subscribe() {
        throw new Error('no');
      },
    },
  ];
  for (const eventBus of buses) {
    const cache = new LazyLayersCache({ eventBus, logging: { enabled: false } });
    await cache.set('k', 1);
    await turns();
    assert.equal(await cache.get('k'), 1);
  }
});

test('a bus whose publish hangs does not hold up a load', async () => {
  const eventBus = { publish: () => deferred().promise, subscribe: async () => {} };
  const cache = new LazyLayersCache({ eventBus });
  assert.equal(await cache.getOrSet('k', () => 'v'), 'v');
  assert.equal(await cache.get('k'), 'v');
});

test('the methods of a bus are called on the bus', async () => {
  class Bus {
    #hub = new MemoryHub();
    async publish(event) {
      this.#hub.published.push(event);
    }
    async subscribe(handler) {
      this.#hub.handlers.push(handler);
    }
    count() {
      return [this.#hub.published.length, this.#hub.handlers.length];
    }
  }
  const bus = new Bus();
  const cache = new LazyLayersCache({ eventBus: bus });
  await cache.delete('k');
  await until(() => bus.count()[0] === 1);
  assert.deepEqual(bus.count(), [1, 1]);
});
