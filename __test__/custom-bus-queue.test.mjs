// Events that a bus of the user's did not take: they wait, bounded, and are sent in order without another call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { RetryQueue } from '../lib/bus/retry-queue.js';
import { deferred, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';

const QUIET = { logging: { enabled: false } };

/** A bus that takes events while it works. */
function faultyBus() {
  const bus = {
    works: false,
    tries: 0,
    taken: [],
    async publish(event) {
      bus.tries += 1;
      if (!bus.works) throw new Error('down');
      bus.taken.push(event);
    },
    async subscribe() {},
  };
  return bus;
}

function overFaultyBus(breaker) {
  const eventBus = faultyBus();
  const cache = new LazyLayersCache({ eventBus, resilience: { eventBusCircuitBreaker: breaker }, ...QUIET });
  return { bus: eventBus, cache, seen: record(cache) };
}

const keysOf = (bus) => bus.taken.map(({ keys, pattern }) => keys?.[0] ?? pattern);

test('events that failed are sent in order, without another call, and once', async () => {
  const { bus, cache } = overFaultyBus({ enabled: false });
  await cache.delete('a');
  await cache.deleteByPattern('b*');
  await cache.delete('c');
  assert.deepEqual(bus.taken, []);
  bus.works = true;
  await until(() => bus.taken.length === 3, 'all are sent');
  await turns();
  assert.deepEqual(keysOf(bus), ['a', 'b*', 'c']);
});

test('an event that comes while others wait goes after them', async () => {
  const { bus, cache } = overFaultyBus({ enabled: false });
  await cache.delete('a');
  await cache.delete('b');
  bus.works = true;
  await cache.delete('c');
  await until(() => bus.taken.length === 3, 'all are sent');
  assert.deepEqual(keysOf(bus), ['a', 'b', 'c']);
});

test('events skipped while the circuit is open are sent once it may be tried, and not before', async () => {
  const { bus, cache, seen } = overFaultyBus({ failureThreshold: 1, cooldownMs: 200 });
  await cache.delete('a');
  const failed = Date.now();
  await cache.delete('b');
  await cache.getOrSet('value', () => 1);
  await cache.delete('c');
  assert.deepEqual([seen.of('event-bus:publish-error').length, seen.of('event-bus:publish-skipped').length], [1, 3]);
  assert.equal(bus.tries, 1);
  bus.works = true;
  await until(() => bus.taken.length === 3, 'all are sent');
  assert.ok(Date.now() - failed >= 190, 'not while the circuit was open');
  assert.deepEqual(keysOf(bus), ['a', 'b', 'c'], 'a value does not wait: what invalidates it may be missed');
  await until(async () => {
    await cache.delete('d');
    return bus.taken.length > 3;
  }, 'the circuit is closed again');
  assert.equal(seen.of('event-bus:publish-skipped').length, 3);
});

test('a try that fails opens the circuit again', async () => {
  const { bus, cache } = overFaultyBus({ failureThreshold: 1, cooldownMs: 60 });
  await cache.delete('a');
  await until(() => bus.tries >= 3, 'it is tried now and then');
  bus.works = true;
  await until(() => bus.taken.length === 1, 'it is sent');
  assert.deepEqual(keysOf(bus), ['a']);
});

test('waiting events keep no closed cache alive', async () => {
  const { bus, cache } = overFaultyBus({ enabled: false });
  await cache.delete('a');
  await cache.close();
  const before = bus.tries;
  await until(() => bus.tries > before, 'it is tried once more');
  const after = bus.tries;
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  assert.equal(bus.tries, after, 'and then no more');
});

function queue(send, maxSize = 3) {
  const lines = [];
  const logger = { warn: (line) => lines.push(line) };
  const always = { wait: () => 0, tried: () => {} };
  return { lines, queue: new RetryQueue(send, maxSize, /** @type {any} */ (logger), always) };
}

test('the oldest make room, which is told once and counted', async () => {
  const sent = [];
  let works = false;
  const { lines, queue: waiting } = queue(async (event) => {
    if (!works) throw new Error('down');
    sent.push(event.id);
  });
  for (let id = 0; id < 6; id += 1) waiting.keep({ id });
  assert.deepEqual(waiting.counts, { queued: 3, dropped: 3 });
  assert.equal(lines.length, 1);
  works = true;
  await until(() => sent.length === 3, 'the rest is sent');
  assert.deepEqual(sent, [3, 4, 5]);
});

test('waiting events are bounded in bytes too', () => {
  const { queue: waiting } = queue(() => Promise.reject(new Error('down')), 1000);
  const value = 'x'.repeat(10 * 1024 * 1024);
  for (let id = 0; id < 10; id += 1) waiting.keep({ id, value });
  assert.deepEqual(waiting.counts, { queued: 6, dropped: 4 });
});

test('an event that makes room while it is being sent takes no other with it', async () => {
  const sent = [];
  const held = deferred();
  const { queue: waiting } = queue(async (event) => {
    sent.push(event.id);
    if (event.id === 0) await held.promise;
  });
  waiting.keep({ id: 0 });
  await until(() => sent.length === 1, 'the first is on its way');
  for (const id of [1, 2, 3]) waiting.keep({ id });
  held.resolve();
  await until(() => sent.length === 4, 'the others follow');
  assert.deepEqual(sent, [0, 1, 2, 3]);
});

test('a bus that hangs is left at its deadline, and tried again', async () => {
  let hangs = true;
  const sent = [];
  const { queue: waiting } = queue((event) => {
    if (hangs) return deferred().promise;
    sent.push(event.id);
    return Promise.resolve();
  });
  waiting.keep({ id: 1 });
  setTimeout(() => {
    hangs = false;
  }, 500);
  await until(() => sent.length === 1, 'it is sent after all', 10_000);
});
