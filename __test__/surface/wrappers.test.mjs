import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  CircuitBreaker,
  LazyLayersCache,
  MemoryStore,
  NatsEventBus,
  RabbitMQEventBus,
  RedisEventBus,
  RedisStore,
} from '../../index.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';

/** As reactive state does it: values in an object are wrapped as well, unless they cannot be extended. */
function reactive(target) {
  return new Proxy(target, {
    get(held, name, receiver) {
      const value = Reflect.get(held, name, receiver);
      const isPlain = typeof value === 'object' && value !== null && Object.isExtensible(value);
      return isPlain ? reactive(value) : value;
    },
  });
}

const wrappers = {
  'a Proxy': (object) => new Proxy(object, {}),
  'a Proxy of a Proxy': (object) => new Proxy(new Proxy(object, {}), {}),
  'an object that inherits from it': (object) => Object.create(object),
  'reactive state': reactive,
};

/** Nothing listens there: calls fail as they do without a wrapper. */
const NOWHERE = 'redis://127.0.0.1:1';
const quiet = { logging: { enabled: false } };

for (const [name, wrap] of Object.entries(wrappers)) {
  test(`a cache works through ${name}`, async () => {
    const seen = [];
    const cache = wrap(new LazyLayersCache());
    const off = cache.on((event) => seen.push(event.type));
    await cache.set('k', { n: 1 });
    assert.deepEqual(await cache.get('k'), { n: 1 });
    assert.equal(await cache.getOrSet('l', ({ signal }) => signal.aborted), false);
    assert.equal(await cache.has('k'), true);
    assert.equal(await cache.size(), 2);
    await cache.delete('k');
    await cache.deleteByPattern('x*');
    await cache.clear();
    assert.equal(await cache.size(), 0);
    off();
    await cache.close();
    await cache.close();
    await assert.rejects(cache.get('k'), { code: 'CACHE_CLOSED' });
    assert.ok(seen.includes('hit') && seen.includes('delete-pattern'));
  });

  test(`a MemoryStore works through ${name}, also as a layer`, async () => {
    const store = wrap(new MemoryStore());
    await store.set('k', 1);
    assert.equal(await store.getOrSet('k', () => 2), 1);
    const cache = new LazyLayersCache({ l1: store });
    assert.equal(await cache.get('k'), 1);
    await cache.delete('k');
    assert.equal(await store.size(), 0);
    assert.deepEqual((await store.inspect()).keys, []);
    await store.clear();
  });

  test(`a CircuitBreaker works through ${name}`, () => {
    const breaker = wrap(new CircuitBreaker({ failureThreshold: 1 }));
    assert.equal(breaker.canCall(), true);
    assert.equal(breaker.recordFailure(), 'open');
    assert.equal(breaker.currentState, 'open');
    assert.equal(breaker.recordSuccess(), 'closed');
  });

  test(`a RedisStore works through ${name}`, async () => {
    const store = wrap(new RedisStore(NOWHERE, { commandTimeoutMs: 50 }));
    await assert.rejects(store.get('k'), { code: 'CACHE_FAILURE' });
    await store.close();
  });

  for (const [kind, make] of [
    ['redis', () => new RedisEventBus(NOWHERE, 'events', quiet)],
    ['rabbitmq', () => new RabbitMQEventBus('events', { url: 'amqp://127.0.0.1:1', ...quiet })],
    ['nats', () => new NatsEventBus({ connectionOptions: { servers: '127.0.0.1:1' }, ...quiet })],
  ]) {
    test(`a ${kind} event bus works through ${name}`, async () => {
      const bus = wrap(make());
      const { ok, transport } = await bus.healthCheck();
      assert.deepEqual([ok, transport], [false, kind]);
      await bus.disconnect();
    });
  }
}

test('verbs may be applied to a wrapped cache by Reflect', async () => {
  const cache = new LazyLayersCache();
  const traced = [];
  const wrapped = new Proxy(cache, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...args) => {
        traced.push(name);
        return Reflect.apply(member, receiver, args);
      };
    },
  });
  await wrapped.set('k', 1);
  assert.equal(await Reflect.apply(cache.get, wrapped, ['k']), 1);
  assert.equal(await wrapped.getOrSet('k', () => 2), 1);
  assert.deepEqual(traced, ['set', 'getOrSet']);
});

test('a cache over wrapped layers and a wrapped bus hears and is heard', async () => {
  const hub = new MemoryHub();
  const l1 = new Proxy(new MemoryStore(), {});
  const cache = new LazyLayersCache({ l1, eventBus: new Proxy(hub.bus(), {}) });
  const other = new LazyLayersCache({ eventBus: hub.bus() });
  await cache.set('k', 1);
  await other.delete('k');
  assert.equal(await l1.has('k'), false);
  await cache.delete('l');
  assert.deepEqual(
    hub.publishedOf('del').map(({ keys }) => keys),
    [['k'], ['l']],
  );
});

test('a RabbitMQ bus takes its URL through a Proxy', async () => {
  const bus = new Proxy(new RabbitMQEventBus('events', quiet), {});
  await assert.rejects(bus.connect(), /URL|url/);
  await assert.rejects(bus.init('http://not-a-broker'), { code: 'INVALID_OPTION' });
  await bus.disconnect().catch(() => {});
});

test('the parts of a cache or store show in no log and no copy', () => {
  for (const object of [new LazyLayersCache(), new MemoryStore(), new CircuitBreaker()]) {
    assert.deepEqual(Object.keys(object), []);
    assert.doesNotMatch(inspect(object, { depth: 9 }), /core|table|adapter|breaker\)/);
    assert.deepEqual({ ...object }, {});
    assert.deepEqual(structuredClone({ ...object }), {});
  }
});
