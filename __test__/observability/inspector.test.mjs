import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, MemoryStore, ObservabilityInspector } from '../../index.mjs';

const inspector = (deps = {}) =>
  new ObservabilityInspector({
    options: {},
    source: 'here',
    route: '/dash',
    maxValueBytes: 10,
    l2CircuitBreaker: new CircuitBreaker(),
    eventBusCircuitBreaker: new CircuitBreaker(),
    ...deps,
  });

test('a layer that is absent or cannot be looked into is null', async () => {
  assert.equal(await inspector().inspectL1(), null);
  assert.equal(await inspector({ l1: false }).inspectL1(), null);
  assert.equal(await inspector({ l2: { size: () => 3 } }).inspectL2(), null);
});

test('a layer is asked with the options given, and bounds values', async () => {
  const l1 = new MemoryStore();
  await l1.set('short', '12345');
  await l1.set('long', '12345678901');
  const { size, keys } = await inspector({ l1 }).inspectL1();
  assert.equal(size, 2);
  assert.deepEqual(
    keys.map(({ key, truncated, value }) => [key, truncated, value]),
    [
      ['long', true, undefined],
      ['short', undefined, '12345'],
    ],
  );
  const page = await inspector({ l1 }).inspectL1({ limit: 1, match: 's*', includeValues: false });
  assert.deepEqual(
    page.keys.map(({ key, value }) => [key, value]),
    [['short', undefined]],
  );
});

test('sizes leave out a layer that throws, and one that has none', async () => {
  const fails = { size: () => Promise.reject(new Error('no')) };
  const throws = {
    size() {
      throw new Error('no');
    },
  };
  assert.deepEqual(await inspector({ l1: { size: () => 3 }, l2: fails }).sizes(), { l1Size: 3 });
  assert.deepEqual(await inspector({ l1: throws, l2: { size: async () => 4 } }).sizes(), { l2Size: 4 });
  assert.deepEqual(await inspector({ l1: false, l2: {} }).sizes(), {});
});

test('the configuration is as it was given, without defaults', async () => {
  assert.deepEqual(await inspector({ l1: new MemoryStore(), l2: {} }).config(), {
    source: 'here',
    route: '/dash',
    layers: { l1: { enabled: true, inspectable: true }, l2: { enabled: true, inspectable: false } },
    features: {},
    resilience: { l2CircuitBreaker: 'closed', eventBusCircuitBreaker: 'closed' },
    eventBus: { configured: false },
    telemetry: { channel: 'lazycache:cache:event' },
  });
});

test('the lifetime of a layer is its own, else that of the cache', async () => {
  const options = {
    ttlMs: 5,
    levels: { L1: { maxEntries: 7 }, L2: { ttlMs: 9 } },
    failSafe: { enabled: true },
    broadcastSet: false,
    source: 'x',
  };
  const { layers, features } = await inspector({ options }).config();
  assert.deepEqual(layers.l1, { enabled: false, inspectable: false, maxEntries: 7, ttlMs: 5 });
  assert.deepEqual(layers.l2, { enabled: false, inspectable: false, ttlMs: 9 });
  assert.deepEqual(features, { failSafe: { enabled: true }, broadcastSet: false });
});

test('circuits are as they are now', async () => {
  const l2CircuitBreaker = new CircuitBreaker({ failureThreshold: 1 });
  l2CircuitBreaker.recordFailure();
  const { resilience } = await inspector({ l2CircuitBreaker }).config();
  assert.deepEqual(resilience, { l2CircuitBreaker: 'open', eventBusCircuitBreaker: 'closed' });
});

test('the health of a bus is its own answer, as text', async () => {
  const config = async (eventBus) => (await inspector({ eventBus }).config()).eventBus;
  const health = async () => ({ ok: false, transport: 'redis', error: new Error('down'), password: 'secret' });
  assert.deepEqual(await config({ healthCheck: health }), {
    configured: true,
    transport: 'redis',
    health: { ok: false, transport: 'redis', error: 'Error: down' },
  });
  assert.deepEqual(await config({ healthCheck: async () => ({ ok: true, transport: 'nats' }) }), {
    configured: true,
    transport: 'nats',
    health: { ok: true, transport: 'nats' },
  });
  const throws = () => Promise.reject(new Error('broken'));
  assert.deepEqual((await config({ healthCheck: throws })).health, {
    ok: false,
    transport: 'unknown',
    error: 'Error: broken',
  });
  assert.deepEqual(await config({ publish: () => {} }), { configured: true });
});

test('metrics are said where they are, and left out when they are off', async () => {
  const prometheus = { enabled: true, prefix: 'p', public: false };
  const of = async (deps) => (await inspector({ prometheus, ...deps }).config()).prometheus;
  assert.deepEqual(await of(), { enabled: true, prefix: 'p', endpoint: '/dash/metrics' });
  assert.equal((await of({ route: '/' })).endpoint, '/metrics');
  assert.equal(await of({ prometheus: { ...prometheus, enabled: false } }), undefined);
});
