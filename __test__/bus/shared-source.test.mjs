// Two instances that were given one name on the bus.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { redisServer } from '../support/servers/redis.mjs';

/** By kind: the buses of two instances. */
const KINDS = {
  'on Redis': async (t) => {
    const { url } = await redisServer(t);
    return [1, 2].map(() => new RedisEventBus(url, 'events'));
  },
  "on a bus of one's own": async () => {
    const hub = new MemoryHub();
    return [hub.bus(), hub.bus()];
  },
};

async function instances(t, buses, options) {
  const caches = buses.map((eventBus) => new LazyLayersCache({ eventBus, ...options }));
  t.after(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all(buses.map((bus) => bus.disconnect?.()));
  });
  const listening = buses.filter((bus) => bus.healthCheck);
  for (const bus of listening) await until(async () => (await bus.healthCheck()).subscribed, 'it listens');
  return caches;
}

for (const [kind, busesOf] of Object.entries(KINDS)) {
  test(`${kind}: deletes and patterns under our own name are applied, and told once`, async (t) => {
    const warn = t.mock.method(console, 'warn', () => {});
    const [one, other] = await instances(t, await busesOf(t), { source: 'copied' });
    const told = record(other);
    for (const key of ['a', 'b']) await other.set(key, 'old');
    await one.delete('a');
    await until(async () => (await other.get('a')) === undefined, 'the delete is applied');
    await other.set('c', 'old');
    await one.deleteByPattern('c*');
    await until(async () => (await other.get('c')) === undefined, 'the pattern is applied');
    const gaps = told.of('bus:gap').filter(({ reason }) => reason === 'shared-source');
    assert.equal(gaps.length, 1);
    const warnings = warn.mock.calls.filter(({ arguments: [, text] }) => /under the "source" of this one/.test(text));
    assert.equal(warnings.length, 1);
  });

  test(`${kind}: an instance alone takes its own events for its own`, async (t) => {
    const [one] = await instances(t, (await busesOf(t)).slice(0, 1), { source: 'alone' });
    const told = record(one);
    for (const key of ['a', 'b', 'c']) {
      await one.set(key, 1);
      await one.delete(key);
    }
    await one.clear();
    await one.set('kept', 1);
    await one.getOrSet('loaded', () => 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual([told.of('bus:gap'), told.of('invalidation:received')], [[], []]);
    assert.equal(await one.get('kept'), 1);
  });
}

test('caches of one name on one bus object are one instance', async (t) => {
  const { url } = await redisServer(t);
  const bus = new RedisEventBus(url, 'events');
  const [one, other] = await instances(t, [bus, bus], { source: 'same', name: 'same' });
  const told = record(other);
  await one.delete('a');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(told.of('bus:gap'), []);
});
