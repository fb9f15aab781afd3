import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, NatsEventBus } from '../../index.mjs';
import { pass } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MapStore } from '../support/map-store.mjs';

/** The options that a custom store got with its last value. */
const given = (store) => store.callsOf('set').at(-1).args[2];

for (const layer of ['l1', 'l2']) {
  const level = layer === 'l1' ? 'L1' : 'L2';

  test(`an own ${layer} is given the options of a call as they are`, async () => {
    const store = new MapStore();
    const cache = new LazyLayersCache({ [layer]: store });
    const options = { ttlMs: 500, tags: ['a'], region: 'eu', nested: { deep: true } };
    await cache.set('k', 1, options);
    assert.deepEqual(given(store), options);
    await cache.getOrSet('l', () => 2, options);
    assert.deepEqual(given(store), options);
    await cache.set('m', 1, { tags: ['only'] });
    assert.deepEqual(given(store), { tags: ['only'] });
  });

  test(`a custom ${layer} gets no lifetime that nobody set`, async () => {
    const store = new MapStore();
    const cache = new LazyLayersCache({ [layer]: store });
    await cache.set('k', 1);
    assert.deepEqual(given(store), {});
    await cache.getOrSet('l', () => 2);
    assert.deepEqual(given(store), {});
  });

  test(`an own ${layer} is given the lifetime of the cache where the call has none`, async () => {
    const store = new MapStore();
    const cache = new LazyLayersCache({ [layer]: store, ttlMs: 700 });
    await cache.set('k', 1, { tags: ['a'] });
    assert.deepEqual(given(store), { tags: ['a'], ttlMs: 700 });
    const levelled = new LazyLayersCache({ [layer]: store, ttlMs: 700, levels: { [level]: { ttlMs: 900 } } });
    await levelled.getOrSet('l', () => 2);
    assert.deepEqual(given(store), { ttlMs: 900 });
    await levelled.set('k', 1, { ttlMs: 20, tags: ['b'] });
    assert.deepEqual(given(store), { ttlMs: 20, tags: ['b'] });
  });
}

test('a custom L1 gets the rest of the life of a value of L2, also where nobody set a lifetime', async () => {
  const l1 = new MapStore();
  const cache = new LazyLayersCache({ l1, l2: new MapStore([['k', 1]]) });
  await cache.get('k');
  assert.deepEqual(given(l1), {});
});

test("the options that a store is given may be changed without harm to the caller's", async () => {
  const store = new MapStore();
  const cache = new LazyLayersCache({ l2: store, ttlMs: 700 });
  const options = Object.freeze({ tags: ['a'] });
  await cache.set('k', 1, options);
  given(store).tags = [];
  assert.deepEqual(options, { tags: ['a'] });
});

class Renamed extends MemoryStore {
  async get(key) {
    return super.get(key);
  }
}

for (const Store of [MemoryStore, Renamed]) {
  test(`in a given ${Store.name} the call's lifetime goes before the store's, and that before the cache's`, async () => {
    const store = new Store({ ttlMs: 30 });
    const cache = new LazyLayersCache({ l1: store, ttlMs: 60_000 });
    await cache.set('call', 1, { ttlMs: 60_000 });
    await cache.set('store', 1);
    await cache.getOrSet('loaded', () => 1);
    await pass(30);
    assert.deepEqual(
      [await cache.has('call'), await cache.has('store'), await cache.has('loaded')],
      [true, false, false],
    );
  });

  test(`in a given ${Store.name} without a lifetime the cache's holds`, async () => {
    const cache = new LazyLayersCache({ l1: new Store(), ttlMs: 30 });
    await cache.set('k', 1);
    await pass(30);
    assert.equal(await cache.has('k'), false);
  });
}

test('a bus needs no subscribe where nothing is subscribed to', async () => {
  const published = [];
  const cache = new LazyLayersCache({
    eventBus: { publish: (event) => void published.push(event) },
    subscribeToEvents: false,
  });
  await cache.delete('k');
  assert.equal(published.length, 1);
});

test('an L2 needs no size and no deleteByPattern until they are called', async () => {
  const map = new Map();
  const l2 = {
    get: (key) => map.get(key),
    set: (key, value) => void map.set(key, value),
    has: (key) => map.has(key),
    delete: (key) => map.delete(key),
  };
  const cache = new LazyLayersCache({ l2 });
  const seen = record(cache);
  await cache.set('k', 1);
  assert.equal(await cache.getOrSet('k', () => 2), 1);
  await cache.clear();
  assert.deepEqual(
    seen.of('l2:error').map(({ operation }) => operation),
    ['deleteByPattern'],
  );
});

test('a NATS connection needs no subscribe to publish', async () => {
  const sent = [];
  const connection = { publish: (subject) => void sent.push(subject), isClosed: () => false, flush: async () => {} };
  const bus = new NatsEventBus({ connection, subject: 'events' });
  await bus.publish({ type: 'del', source: 'a', ts: 1, keys: ['k'] });
  assert.deepEqual(sent, ['events']);
  await assert.rejects(async () => bus.subscribe(() => {}), { message: /subscribe/ });
});
