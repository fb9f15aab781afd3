import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, LazyLayersCache, MemoryStore } from '../../index.mjs';
import { heldLoader, pass } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MapStore } from '../support/map-store.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';

const failure = new Error('source is down');
const failing = () => Promise.reject(failure);

for (const options of [{ ttlMs: -5 }, { levels: { L1: { ttlMs: -5 }, L2: { ttlMs: -1 } } }, { ttlMs: -Infinity }]) {
  const shown = JSON.stringify(options);
  test(`a call whose lifetime is over, ${shown}, loads, returns the value and keeps nothing`, async () => {
    const l2 = new MapStore();
    for (const cache of [
      new LazyLayersCache(),
      new LazyLayersCache({ l2 }),
      new LazyLayersCache({ l1: new MapStore(), l2 }),
    ]) {
      assert.equal(await cache.getOrSet('k', () => 'v', options), 'v');
      assert.equal(await cache.has('k'), false);
      assert.equal(await cache.getOrSet('k', () => 'w', options), 'w');
    }
    assert.equal(l2.map.size, 0);
  });

  test(`set with a lifetime that is over, ${shown}, leaves the key absent in all layers`, async () => {
    const [l1, l2] = [new MapStore(), new MapStore()];
    for (const cache of [new LazyLayersCache(), new LazyLayersCache({ l2 }), new LazyLayersCache({ l1, l2 })]) {
      await cache.set('k', 'old');
      await cache.set('k', 'new', options);
      assert.equal(await cache.get('k'), undefined);
    }
    assert.deepEqual([l1.map.size, l2.map.size], [0, 0]);
  });
}

test('a lifetime that is over in one layer leaves the key absent there alone', async () => {
  const [l1, l2] = [new MapStore([['k', 'old']]), new MapStore([['k', 'old']])];
  const cache = new LazyLayersCache({ l1, l2 });
  await cache.set('k', 'new', { levels: { L2: { ttlMs: -1 } } });
  assert.deepEqual([l1.map.get('k'), l2.map.has('k')], ['new', false]);
  await cache.set('k', 'newer', { levels: { L1: { ttlMs: -1 } } });
  assert.deepEqual([l1.map.has('k'), l2.map.get('k')], [false, 'newer']);
});

test('a MemoryStore does not keep expired values', async () => {
  const store = new MemoryStore();
  await store.set('k', 'old');
  await store.set('k', 'new', { ttlMs: -1 });
  assert.equal(await store.size(), 0);
});

test('a value whose lifetime is over has no stale copy, and goes to no peer', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ failSafe: { enabled: true, staleTtlMs: 60_000 }, eventBus: hub.bus() });
  await cache.getOrSet('k', () => 'v', { ttlMs: -1 });
  await assert.rejects(cache.getOrSet('k', failing), (error) => error === failure);
  assert.deepEqual(hub.publishedOf('set'), []);
});

test('inflight.maxEntries 0 has each load run by itself', async () => {
  const cache = new LazyLayersCache({ inflight: { maxEntries: 0 } });
  const seen = record(cache);
  const [one, two] = [heldLoader(), heldLoader()];
  const calls = [cache.getOrSet('k', one), cache.getOrSet('k', two)];
  await Promise.all([one.called, two.called]);
  one.resolve(1);
  two.resolve(2);
  assert.deepEqual(await Promise.all(calls), [1, 2]);
  assert.deepEqual(
    seen.of('inflight:bypass').map(({ key, reason }) => [key, reason]),
    [
      ['k', 'maxEntries'],
      ['k', 'maxEntries'],
    ],
  );
});

test('inflight.maxEntries 0 of a call has that call load by itself', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const first = cache.getOrSet('k', loader);
  assert.equal(await cache.getOrSet('l', () => 'own', { inflight: { maxEntries: 0 } }), 'own');
  loader.resolve(1);
  await first;
});

test('eventDedupeMaxEntries 0 applies an event as often as it comes', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), eventDedupeMaxEntries: 0 });
  const seen = record(cache);
  const event = { id: '1', type: 'del', source: 'peer', ts: Date.now(), keys: ['k'] };
  await hub.deliver(event);
  await hub.deliver(event);
  assert.equal(seen.of('invalidation:received').length, 2);
  assert.equal(seen.of('invalidation:duplicate').length, 0);
});

test('failureThreshold Infinity never opens a circuit', () => {
  const breaker = new CircuitBreaker({ failureThreshold: Infinity });
  for (let failures = 0; failures < 1000; failures++) assert.equal(breaker.recordFailure(), 'closed');
});

test('cooldownMs Infinity leaves a circuit open for ever', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, cooldownMs: Infinity });
  breaker.recordFailure();
  await pass(5);
  assert.deepEqual([breaker.canCall(), breaker.currentState], [false, 'open']);
});

for (const resilience of ['l2CircuitBreaker', 'eventBusCircuitBreaker']) {
  test(`${resilience} takes Infinity for both of its numbers`, () => {
    new LazyLayersCache({ resilience: { [resilience]: { failureThreshold: Infinity, cooldownMs: Infinity } } });
  });
}

test('broadcastSetMaxBytes Infinity sends values of any size', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), broadcastSetMaxBytes: Infinity });
  await cache.getOrSet('k', () => 'x'.repeat(200_000));
  assert.equal(hub.publishedOf('set').length, 1);
});

for (const maxEntries of [0, Infinity]) {
  test(`levels.L1.maxEntries ${maxEntries} is no bound`, async () => {
    for (const store of [
      new LazyLayersCache({ levels: { L1: { maxEntries } } }),
      new MemoryStore({ levels: { L1: { maxEntries } } }),
    ]) {
      for (let key = 0; key < 3000; key++) await store.set(`k${key}`, key);
      assert.equal(await store.size(), 3000);
      assert.equal(await store.get('k0'), 0);
    }
  });
}

test('levels.L2.maxEntries, inflight.maxEntries and negativeCache.maxEntries take Infinity', async () => {
  const unbounded = { maxEntries: Infinity };
  const cache = new LazyLayersCache({ levels: { L2: unbounded }, inflight: unbounded, negativeCache: unbounded });
  assert.equal(await cache.getOrSet('k', () => 1), 1);
});

test('negativeCache.maxEntries of a call bounds the absences from there on', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  for (const key of ['a', 'b', 'c']) await cache.getOrSet(key, () => undefined);
  await cache.getOrSet('d', () => undefined, { negativeCache: { maxEntries: 2 } });
  const there = async (key) => (await cache.getOrSet(key, () => 'loaded')) === 'loaded';
  assert.deepEqual([await there('c'), await there('d')], [false, false]);
  assert.deepEqual([await there('a'), await there('b')], [true, true]);
});

test("negativeCache.maxEntries of a call may be more than the cache's", async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000, maxEntries: 1 } });
  for (const key of ['a', 'b', 'c']) await cache.getOrSet(key, () => undefined, { negativeCache: { maxEntries: 3 } });
  for (const key of ['a', 'b', 'c']) assert.equal(await cache.getOrSet(key, () => 'loaded'), undefined);
});

test('a stale copy lives for as long as was said when it was made, and a later fail-safe call finds it', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'old', { ttlMs: 5, failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await pass(5);
  assert.equal(await cache.getOrSet('k', failing, { failSafe: { enabled: true } }), 'old');
  await assert.rejects(cache.getOrSet('k', failing), (error) => error === failure);
});

test('a cache with fail-safe alone serves the copies that calls have made', async () => {
  const cache = new LazyLayersCache({ failSafe: { enabled: true } });
  await cache.set('k', 'old', { ttlMs: 5, failSafe: { staleTtlMs: 60_000 } });
  await cache.set('l', 'old', { ttlMs: 5 });
  await pass(5);
  assert.equal(await cache.getOrSet('k', failing), 'old');
  await assert.rejects(cache.getOrSet('l', failing), (error) => error === failure);
});

test('a soft timeout is answered by a copy that another call has made', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'old', { ttlMs: 5, failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await pass(5);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader, { failSafe: { enabled: true }, timeouts: { softMs: 5 } }), 'old');
  loader.resolve('new');
});

test('a loader that finds nothing while a stale copy lives returns nothing', async () => {
  const cache = new LazyLayersCache({ failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await cache.set('k', 'old', { ttlMs: 5 });
  await pass(5);
  assert.equal(await cache.getOrSet('k', () => undefined), undefined);
});

test('a hard timeout says so in its message, its reason and its code', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 5 } });
  await assert.rejects(cache.getOrSet('k', heldLoader()), (error) => {
    assert.match(error.message, /hard-timeout/);
    assert.deepEqual([error.reason, error.code], ['hard-timeout', 'LOADER_HARD_TIMEOUT']);
    return true;
  });
});

test('a handler that is given twice is called once', async () => {
  const calls = [];
  const handler = (event) => void calls.push(event.type);
  const cache = new LazyLayersCache({ events: [handler, handler] });
  const off = cache.on(handler);
  await cache.set('k', 1);
  assert.deepEqual(calls, ['set']);
  off();
  await cache.set('k', 2);
  assert.deepEqual(calls, ['set']);
});
