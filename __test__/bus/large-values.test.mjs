// Loaded values that are too large for a broker's subscribers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisEventBus } from '../../index.mjs';
import { standIn } from '../redis/kinds.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';

/** Cuts subscribers off at once behind which 3 MB have piled up. */
const LIMIT = ['--client-output-buffer-limit', 'pubsub 3mb 2mb 1'];

async function pair(t, given, options) {
  const buses = given.map((redis) => new RedisEventBus(redis, 'events'));
  const caches = buses.map((eventBus) => new LazyLayersCache({ eventBus, name: 'c', ...options }));
  t.after(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all(buses.map((bus) => bus.disconnect()));
  });
  await until(async () => {
    const health = await Promise.all(buses.map((bus) => bus.healthCheck()));
    return health.every(({ subscribed }) => subscribed);
  }, 'both have subscribed');
  return caches;
}

/** The warnings of that time. */
function warnings(t) {
  const warn = t.mock.method(console, 'warn', () => {});
  return () => warn.mock.calls.map(({ arguments: [, text] }) => text).filter((text) => /is not sent/.test(text));
}

const KINDS = {
  'a connection of its own': ({ url }) => url,
  'a client that is driven': (_server, client) => standIn(client),
};

for (const [kind, give] of Object.entries(KINDS)) {
  test(`${kind}: a value that is too large by default cuts nobody off, and is warned of once`, async (t) => {
    const { server, client } = await redisWithClient(t, LIMIT);
    const warned = warnings(t);
    const given = give(server, client);
    const [one, other] = await pair(t, [given, given], {});
    const told = [one, other].map((cache) => record(cache));
    await other.set('kept', 1);
    for (const key of ['large', 'larger']) await one.getOrSet(key, () => key.repeat(800_000));
    await one.getOrSet('small', () => 'x'.repeat(900_000));
    await until(async () => (await other.get('small')) !== undefined, 'what fits is sent');
    const held = await Promise.all(['large', 'larger', 'kept'].map((key) => other.get(key)));
    assert.deepEqual(held, [undefined, undefined, 1]);
    const skipped = told[0].of('set:broadcast-skipped').map(({ key, maxBytes }) => [key, maxBytes]);
    assert.deepEqual(skipped, [
      ['large', 1_048_576],
      ['larger', 1_048_576],
    ]);
    assert.deepEqual(told[1].of('bus:gap'), []);
    assert.equal(warned().length, 1);
    assert.match(warned()[0], /^the value of "large" is not sent to other instances: its event has 4000\d\d\d bytes/);
    assert.match(warned()[0], /"broadcastSetMaxBytes" is 1048576 by default/);
  });
}

test('a bound that was given is not warned of, and Infinity is none', async (t) => {
  const { server } = await redisWithClient(t);
  const warned = warnings(t);
  const [one, other] = await pair(t, [server.url, server.url], { broadcastSetMaxBytes: Infinity });
  await one.getOrSet('large', () => 'x'.repeat(2_000_000));
  await until(async () => (await other.get('large')) !== undefined, 'it is sent');
  const bus = new RedisEventBus(server.url, 'events');
  const bounded = new LazyLayersCache({ eventBus: bus, name: 'c', broadcastSetMaxBytes: 100 });
  t.after(async () => {
    await bounded.close();
    await bus.disconnect();
  });
  const told = record(bounded);
  await bounded.getOrSet('k', () => 'x'.repeat(200));
  await until(() => told.of('set:broadcast-skipped').length > 0, 'it is not sent');
  assert.deepEqual(warned(), []);
});

test("a bus of one's own has no bound by default", async (t) => {
  const hub = new MemoryHub();
  const caches = [1, 2].map(() => new LazyLayersCache({ eventBus: hub.bus(), name: 'c' }));
  t.after(() => Promise.all(caches.map((cache) => cache.close())));
  await caches[0].getOrSet('k', () => 'x'.repeat(2_000_000));
  await until(async () => (await caches[1].get('k')) !== undefined, 'it is sent');
});

test('the first value that is not sent is warned of without any handler, and logging can be off', async (t) => {
  const { server } = await redisWithClient(t);
  const warned = warnings(t);
  for (const logging of [{ enabled: false }, undefined]) {
    const [one] = await pair(t, [server.url, server.url], { logging });
    for (const key of ['a', 'b']) await one.getOrSet(key, () => 'x'.repeat(2_000_000));
    if (logging === undefined) await until(() => warned().length === 1, 'it is warned of');
    else assert.deepEqual(warned(), []);
  }
});
