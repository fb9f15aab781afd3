// The fields of events about other instances and about failing layers, as users of 0.4.0 read them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { pass, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { FaultyStore } from './support/faulty-store.mjs';
import { MemoryHub, peerEvent } from './support/memory-bus.mjs';

const QUIET = { logging: { enabled: false } };
const MINUTE = 60_000;

async function listener(options = {}) {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here', ...QUIET, ...options });
  const seen = record(cache);
  await until(() => hub.handlers.length === 1, 'subscribed');
  return { hub, cache, seen };
}

test('an event that arrives, also once more, is told with its id and type', async () => {
  const { hub, seen } = await listener();
  const events = [
    peerEvent('del', { keys: ['k'], generation: 1 }),
    peerEvent('pattern', { pattern: 'k*' }),
    peerEvent('set', { keys: ['k'], generation: 1, value: 1, ttlMs: MINUTE }),
  ];
  for (const event of [...events, ...events]) await hub.deliver(event);
  for (const type of ['invalidation:received', 'invalidation:duplicate']) {
    assert.deepEqual(
      seen.of(type),
      events.map((event) => ({ type, eventId: event.id, eventType: event.type, event })),
    );
  }
});

test('an event without an id is told with the fields that tell it from others', async () => {
  const { hub, seen } = await listener();
  const { id: _, ...event } = peerEvent('del', { keys: ['a', 'b'], generation: 1 });
  await hub.deliver(event);
  assert.equal(seen.of('invalidation:received')[0].eventId, `peer:${event.ts}:del:a,b`);
});

test('a stale event is told with its id, type, key and both counts', async () => {
  const { hub, seen } = await listener();
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 5 }));
  const old = [
    peerEvent('set', { keys: ['k'], generation: 3, value: 'old', ttlMs: MINUTE }),
    peerEvent('del', { keys: ['k'], generation: 2 }),
  ];
  for (const event of old) await hub.deliver(event);
  assert.deepEqual(
    seen.of('invalidation:stale'),
    old.map(({ id, type, generation }) => ({
      type: 'invalidation:stale',
      eventId: id,
      eventType: type,
      key: 'k',
      generation,
      localGeneration: 5,
    })),
  );
});

test('a value that is received is told with its level', async () => {
  const { hub, seen } = await listener();
  await hub.deliver(peerEvent('set', { keys: ['k'], generation: 0, value: 1, ttlMs: MINUTE }));
  assert.deepEqual(seen.of('set:received'), [{ type: 'set:received', key: 'k', level: 'L1' }]);
});

test('a delete or pattern of a peer is told as one, after it is told as received', async () => {
  const { hub, cache, seen } = await listener();
  await hub.deliver(peerEvent('del', { keys: ['a', 'b'], generation: 1 }));
  await hub.deliver(peerEvent('pattern', { pattern: 'a*' }));
  assert.deepEqual(
    seen.events.map(({ event: _, eventId: _id, ...event }) => event),
    [
      { type: 'invalidation:received', eventType: 'del' },
      { type: 'delete', key: 'a', remote: true },
      { type: 'delete', key: 'b', remote: true },
      { type: 'invalidation:received', eventType: 'pattern' },
      { type: 'delete-pattern', pattern: 'a*', remote: true },
    ],
  );
  seen.clear();
  await cache.delete('a');
  await cache.deleteByPattern('a*');
  const own = seen.events.filter(({ type }) => type.startsWith('delete'));
  assert.deepEqual(own, [
    { type: 'delete', key: 'a' },
    { type: 'delete-pattern', pattern: 'a*' },
  ]);
});

test('a failing or skipped pattern or size names the pattern, or *', async () => {
  const l2 = new FaultyStore();
  const cache = new LazyLayersCache({
    l1: false,
    l2,
    resilience: { l2CircuitBreaker: { failureThreshold: 2, cooldownMs: MINUTE } },
    ...QUIET,
  });
  const seen = record(cache);
  l2.fail('reject');
  for (let at = 0; at < 2; at += 1) {
    await cache.deleteByPattern('user:*');
    await cache.size();
  }
  await cache.clear();
  const told = seen.events.filter(({ type }) => type.startsWith('l2:'));
  assert.deepEqual(
    told.map(({ type, operation, key }) => [type, operation, key]),
    [
      ['l2:error', 'deleteByPattern', 'user:*'],
      ['l2:error', 'size', '*'],
      ['l2:skipped', 'deleteByPattern', 'user:*'],
      ['l2:skipped', 'size', '*'],
      ['l2:skipped', 'deleteByPattern', '*'],
    ],
  );
});

test('set names the active layers, whether or not L2 could take the value', async () => {
  const l2 = new FaultyStore();
  const cache = new LazyLayersCache({
    l2,
    resilience: { l2CircuitBreaker: { failureThreshold: 2, cooldownMs: MINUTE } },
    ...QUIET,
  });
  const seen = record(cache);
  l2.fail('reject');
  await cache.set('a', 1);
  await cache.set('b', 1);
  await cache.getOrSet('c', () => 1);
  assert.equal(seen.of('l2:error').length, 2);
  assert.deepEqual(
    seen.of('set').map(({ levels }) => levels),
    [1, 2, 3].map(() => ['L1', 'L2']),
  );
});

test('a load that ends while the circuit of the bus is open is told as broadcast, then as skipped', async () => {
  const eventBus = { publish: () => Promise.reject(new Error('down')), subscribe: async () => {} };
  const breaker = { failureThreshold: 1, cooldownMs: MINUTE };
  const cache = new LazyLayersCache({ eventBus, resilience: { eventBusCircuitBreaker: breaker }, ...QUIET });
  await cache.delete('k');
  const seen = record(cache);
  await cache.getOrSet('k', () => 1);
  await until(() => seen.of('event-bus:publish-skipped').length === 1, 'skipped');
  assert.deepEqual(seen.types().slice(-2), ['set:broadcast', 'event-bus:publish-skipped']);
});

test('keys on the wire are strings, of whatever type the keys of callers are', async () => {
  const { hub, cache } = await listener();
  await cache.getOrSet(7, () => 1);
  await cache.delete(7);
  await cache.delete('8');
  assert.deepEqual(
    hub.published.map(({ keys }) => keys),
    [['7'], ['7'], ['8']],
  );
});

for (const [what, fields, livesMs] of [
  ['its ttlMs', { ttlMs: 40 }, 40],
  ['what is left of it', { ttlMs: 10_040, age: 10_000 }, 40],
  ["the receiver's own lifetime", { ttlMs: MINUTE, own: 40 }, 40],
  ['its ttlMs, sent by a clock ahead', { ttlMs: 40, age: -MINUTE }, 40],
  ["the receiver's own lifetime, without a ttlMs", { own: 40 }, 40],
]) {
  test(`a value of a peer lives for ${what}`, async () => {
    const { age = 0, own, ...event } = fields;
    const { hub, cache } = await listener(own === undefined ? {} : { levels: { L1: { ttlMs: own } } });
    await hub.deliver(peerEvent('set', { keys: ['k'], generation: 0, value: 'v', ...event, ts: Date.now() - age }));
    await pass(livesMs + 5);
    assert.equal(await cache.get('k'), undefined);
    await hub.deliver(
      peerEvent('set', { keys: ['k'], generation: 0, value: 'v', ...event, ts: Date.now() - age, ttlMs: MINUTE }),
    );
    assert.equal(await cache.get('k'), 'v', 'what is young enough is kept');
  });
}

test('a value of a peer whose time is over is not kept', async () => {
  const { hub, cache, seen } = await listener();
  await hub.deliver(peerEvent('set', { keys: ['k'], generation: 0, value: 'v', ttlMs: 1000, ts: Date.now() - 5000 }));
  assert.equal(await cache.get('k'), undefined);
  assert.deepEqual(seen.of('set:received'), []);
});

test('an event whose fields cannot be read makes the handler reject, not throw', async () => {
  const hub = new MemoryHub({ copy: (event) => event });
  const cache = new LazyLayersCache({ eventBus: hub.bus(), ...QUIET });
  await until(() => hub.handlers.length === 1, 'subscribed');
  const event = {
    type: 'del',
    get keys() {
      throw new Error('no keys');
    },
  };
  const [handler] = hub.handlers;
  let handled;
  assert.doesNotThrow(() => {
    handled = handler(event);
  });
  await assert.rejects(handled, /no keys/);
  assert.equal(await cache.get('k'), undefined);
});

test('a delete of a peer that was restarted, with a clock behind, deletes', async () => {
  const { hub, cache } = await listener();
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 9 }));
  await cache.set('k', 'old');
  await hub.deliver(peerEvent('del', { keys: ['k'], generation: 1, ts: Date.now() - 3_600_000 }));
  assert.equal(await cache.get('k'), undefined);
});
