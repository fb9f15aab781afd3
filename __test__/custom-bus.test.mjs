import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';
import { jsonHub, MemoryHub } from './support/memory-bus.mjs';

/** Instances on one bus, each with its own L1. */
function instances(count, options = {}, hub = new MemoryHub()) {
  const caches = Array.from({ length: count }, (_, n) => {
    return new LazyLayersCache({ eventBus: hub.bus(), source: `instance-${n}`, ...options });
  });
  return { hub, caches };
}

const gone = (cache, key) => until(async () => !(await cache.has(key)), `${key} gone`);

test("a delete removes the key from every peer's L1", async () => {
  const { caches } = instances(3);
  for (const cache of caches) await cache.set('k', 'v');
  await caches[0].delete('k');
  for (const cache of caches) await gone(cache, 'k');
});

test("a delete leaves a peer's other keys alone", async () => {
  const {
    caches: [one, two],
  } = instances(2);
  await two.set('k', 1);
  await two.set('other', 2);
  await one.delete('k');
  await gone(two, 'k');
  assert.equal(await two.get('other'), 2);
});

test('a pattern delete removes matching keys at every peer', async () => {
  const {
    caches: [one, two],
  } = instances(2);
  for (const key of ['user:1', 'user:2', 'post:1']) await two.set(key, key);
  await one.deleteByPattern('user:*');
  await gone(two, 'user:1');
  await gone(two, 'user:2');
  assert.equal(await two.get('post:1'), 'post:1');
});

test('clear empties every peer', async () => {
  const {
    caches: [one, two],
  } = instances(2);
  await two.set('a', 1);
  await two.set('b', 2);
  await one.clear();
  await until(async () => (await two.size()) === 0);
});

test("a loaded value is in every peer's L1 without a second load", async () => {
  const {
    caches: [one, two],
  } = instances(2);
  await one.getOrSet('k', () => ({ n: 1 }));
  await until(() => two.has('k'));
  assert.deepEqual(await two.getOrSet('k', () => assert.fail('peer loaded')), { n: 1 });
});

test('a value from a peer is told as set:received, once', async () => {
  const {
    caches: [one, two],
  } = instances(2);
  const seen = record(two);
  await one.getOrSet('k', () => 'v');
  await until(() => seen.of('set:received').length > 0);
  await turns();
  assert.deepEqual(
    seen.of('set:received').map((event) => event.key),
    ['k'],
  );
  assert.equal(seen.of('invalidation:received').length, 1);
  assert.equal(seen.of('invalidation:received')[0].event.type, 'set');
});

test('a value from a peer is not published on', async () => {
  const {
    hub,
    caches: [one, two],
  } = instances(2);
  await one.getOrSet('k', () => 'v');
  await until(() => two.has('k'));
  await one.delete('k');
  await gone(two, 'k');
  await turns();
  assert.deepEqual(
    hub.published.map((event) => event.type),
    ['set', 'del'],
  );
});

test('a value from a peer goes into L1 alone', async () => {
  const hub = new MemoryHub();
  const [one] = instances(1, {}, hub).caches;
  const l2 = new MapStore();
  const two = new LazyLayersCache({ l2, eventBus: hub.bus(), source: 'two' });
  await one.getOrSet('k', () => 'v');
  await until(() => two.has('k'));
  assert.deepEqual(l2.callsOf('set'), []);
  assert.equal(await two.get('k'), 'v');
});

test('a loaded null reaches a peer as a stored null', async () => {
  const {
    caches: [one, two],
  } = instances(2, {}, jsonHub());
  await one.getOrSet('k', () => null);
  await until(() => two.has('k'));
  assert.equal(await two.get('k'), null);
});

for (const ttlMs of [0, Infinity]) {
  test(`a value without expiry (ttlMs ${ttlMs}) reaches a peer, also as JSON`, async () => {
    const {
      caches: [one, two],
    } = instances(2, { ttlMs }, jsonHub());
    await one.getOrSet('k', () => 'v');
    await until(() => two.has('k'));
    await turns();
    assert.equal(await two.get('k'), 'v');
  });
}

test('after a delete a newly loaded value reaches the peers again', async () => {
  const { caches } = instances(3);
  const [one, two, three] = caches;
  for (const [round, loaderCache] of [one, two, three, two].entries()) {
    await loaderCache.getOrSet('k', () => `round ${round}`);
    for (const cache of caches) await until(async () => (await cache.get('k')) === `round ${round}`);
    await caches[round % 3].delete('k');
    for (const cache of caches) await gone(cache, 'k');
    await one.deleteByPattern('k*');
    await turns(10);
  }
});

test('a value stored by set reaches no peer', async () => {
  const {
    caches: [one, two],
  } = instances(2);
  await one.set('k', 'v');
  await turns();
  assert.equal(await two.has('k'), false);
});

test('with broadcastSet false a loaded value stays here, and deletes still go out', async () => {
  const {
    hub,
    caches: [one, two],
  } = instances(2, { broadcastSet: false });
  await one.getOrSet('k', () => 'v');
  await two.set('k', 'v');
  await one.delete('k');
  await gone(two, 'k');
  assert.deepEqual(
    hub.published.map((event) => event.type),
    ['del'],
  );
});

test('a value larger than broadcastSetMaxBytes is stored here and not sent', async () => {
  const l2 = new MapStore();
  const {
    hub,
    caches: [one, two],
  } = instances(2, { l2, broadcastSetMaxBytes: 1_000 });
  const seen = record(one);
  await one.getOrSet('big', () => 'x'.repeat(5_000));
  await until(() => seen.of('set:broadcast-skipped').length === 1);
  const [event] = seen.of('set:broadcast-skipped');
  assert.equal(event.key, 'big');
  assert.equal(event.reason, 'max-bytes');
  assert.equal(event.maxBytes, 1_000);
  assert.ok(event.bytes > 5_000 && event.bytes < 6_000, String(event.bytes));
  assert.deepEqual(hub.published, []);
  assert.deepEqual(seen.of('set:broadcast'), []);
  assert.equal((await two.get('big')).length, 5_000);
});

test('a value within broadcastSetMaxBytes is sent', async () => {
  const {
    caches: [one, two],
  } = instances(2, { broadcastSetMaxBytes: 1_000 });
  await one.getOrSet('small', () => 'x'.repeat(100));
  await until(() => two.has('small'));
});

test('with subscribeToEvents false a cache publishes without listening', async () => {
  const hub = new MemoryHub();
  const bus = hub.bus();
  const quiet = new LazyLayersCache({ eventBus: bus, source: 'quiet', subscribeToEvents: false });
  const [peer] = instances(1, {}, hub).caches;
  await quiet.set('k', 'mine');
  await peer.delete('k');
  await turns();
  assert.equal(await quiet.get('k'), 'mine');
  assert.equal(bus.subscriptions, 0);
  await peer.set('other', 1);
  await quiet.delete('other');
  await gone(peer, 'other');
});

test('a cache subscribes once', async () => {
  const hub = new MemoryHub();
  const bus = hub.bus();
  const cache = new LazyLayersCache({ eventBus: bus });
  await cache.set('k', 1);
  await turns();
  assert.equal(bus.subscriptions, 1);
});

test("without a source each instance still tells its own events from a peer's", async () => {
  const hub = new MemoryHub();
  const [one, two] = [1, 2].map(() => new LazyLayersCache({ eventBus: hub.bus() }));
  const seen = record(one);
  await two.set('k', 1);
  await one.delete('k');
  await gone(two, 'k');
  assert.deepEqual(seen.of('invalidation:received'), []);
  assert.equal(typeof hub.published[0].source, 'string');
});

test('a numeric key deleted here is gone at a peer, by number and by string', async () => {
  for (const makeHub of [jsonHub, () => new MemoryHub()]) {
    const {
      caches: [one, two],
    } = instances(2, {}, makeHub());
    await two.set(7, 'v');
    await one.delete(7);
    await gone(two, 7);
    await two.set('7', 'v');
    await one.delete(7);
    await gone(two, '7');
    await two.set(7, 'v');
    await one.delete('7');
    await gone(two, 7);
  }
});

test('a value loaded for a numeric key reaches a peer, by number and by string', async () => {
  for (const makeHub of [jsonHub, () => new MemoryHub()]) {
    const {
      caches: [one, two],
    } = instances(2, {}, makeHub());
    await one.getOrSet(7, () => 'v');
    await until(() => two.has(7));
    assert.equal(await two.get(7), 'v');
    assert.equal(await two.get('7'), 'v');
  }
});

test('negative entries, stale values and running loads of a peer go with its key', async () => {
  const {
    caches: [one, two],
  } = instances(2, { negativeCache: { ttlMs: 60_000 }, failSafe: { enabled: true, staleTtlMs: 60_000 } });
  const seen = record(two);
  await two.getOrSet('negative', () => undefined);
  await two.set('stale', 'old');
  await one.delete('negative');
  await one.delete('stale');
  await until(() => seen.of('invalidation:received').length === 2);
  assert.equal(await two.getOrSet('negative', () => 'there'), 'there');
  const failure = new Error('source is down');
  await assert.rejects(
    two.getOrSet('stale', () => Promise.reject(failure)),
    (error) => error === failure,
  );
});
