import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { heldLoader, pass } from './support/deferred.mjs';

// Several caches over one MemoryStore, and the store itself: none may contradict the writes of another.

const failure = new Error('source is down');
const failing = () => Promise.reject(failure);
const isFailure = (error) => error === failure;
const failSafe = { enabled: true, staleTtlMs: 60_000 };

/** A cache over the store, and another writer of that: another cache, or the store itself. */
function over(options = {}, storeOptions = {}) {
  const store = new MemoryStore(storeOptions);
  const make = (more) => new LazyLayersCache({ l1: store, ...more });
  return { store, make, cache: make(options) };
}

const writers = { 'another cache': ({ make }) => make(), 'the store': ({ store }) => store };

const invalidations = {
  delete: (writer) => writer.delete('k'),
  deleteByPattern: (writer) => writer.deleteByPattern('k*'),
  clear: (writer) => writer.clear(),
  'set of nothing': (writer) => writer.set('k', undefined),
};

for (const [name, writerOf] of Object.entries(writers)) {
  for (const [verb, invalidate] of Object.entries(invalidations)) {
    test(`after ${verb} by ${name} a load from before it is not joined`, async () => {
      const setup = over();
      const writer = writerOf(setup);
      const old = heldLoader();
      const before = setup.cache.getOrSet('k', old);
      const joined = setup.cache.getOrSet('k', old);
      await invalidate(writer);
      assert.equal(await setup.cache.getOrSet('k', () => 'new'), 'new');
      old.resolve('old');
      assert.deepEqual(await Promise.all([before, joined]), ['old', 'old']);
      assert.equal(await setup.cache.get('k'), 'new');
    });

    test(`after ${verb} by ${name} no stale copy from before it is served`, async () => {
      const setup = over({ failSafe });
      const writer = writerOf(setup);
      await setup.cache.set('k', 'old', { ttlMs: 5 });
      await invalidate(writer);
      await assert.rejects(setup.cache.getOrSet('k', failing), isFailure);
    });

    test(`after ${verb} by ${name} an absence from before it is not answered`, async () => {
      const setup = over({ negativeCache: { ttlMs: 60_000 } });
      const writer = writerOf(setup);
      await setup.cache.getOrSet('k', () => undefined);
      await invalidate(writer);
      assert.equal(await setup.cache.getOrSet('k', () => 'there'), 'there');
    });
  }

  test(`after a set by ${name} a load from before it is not joined, also when the value has expired`, async () => {
    const setup = over();
    const writer = writerOf(setup);
    const old = heldLoader();
    const before = setup.cache.getOrSet('k', old);
    const joined = setup.cache.getOrSet('k', old);
    await writer.set('k', 'set', { ttlMs: 20 });
    assert.equal(await setup.cache.getOrSet('k', () => 'own'), 'set');
    await pass(20);
    assert.equal(await setup.cache.getOrSet('k', () => 'new'), 'new');
    old.resolve('old');
    await Promise.all([before, joined]);
    assert.equal(await setup.cache.get('k'), 'new');
  });

  test(`after a set by ${name} an absence from before it is not answered, also when the value has expired`, async () => {
    const setup = over({ negativeCache: { ttlMs: 60_000 } });
    const writer = writerOf(setup);
    await setup.cache.getOrSet('k', () => undefined);
    await writer.set('k', 'set', { ttlMs: 20 });
    assert.equal(await setup.cache.get('k'), 'set');
    await pass(20);
    assert.equal(await setup.cache.getOrSet('k', () => 'there'), 'there');
  });

  test(`after a set by ${name} no stale copy from before it is served`, async () => {
    const setup = over({ failSafe });
    const writer = writerOf(setup);
    await setup.cache.set('k', 'old');
    await writer.set('k', 'set', { ttlMs: 5 });
    await pass(5);
    await assert.rejects(setup.cache.getOrSet('k', failing), isFailure);
  });

  test(`an overwrite by ${name} without options takes stale copies away as well`, async () => {
    const setup = over({}, { ttlMs: 30 });
    const writer = writerOf(setup);
    await setup.cache.set('k', 'old', { failSafe });
    await writer.set('k', 'newer');
    await pass(30);
    await assert.rejects(setup.cache.getOrSet('k', failing, { failSafe }), isFailure);
  });
}

test('a value that another cache has loaded ends an absence and a stale copy from before it', async () => {
  const { cache, make } = over({ negativeCache: { ttlMs: 60_000 }, failSafe });
  const other = make();
  await cache.set('stale', 'old');
  await other.delete('gone');
  await cache.getOrSet('k', () => undefined);
  assert.equal(await other.getOrSet('k', () => 'loaded', { ttlMs: 20 }), 'loaded');
  assert.equal(await cache.get('k'), 'loaded');
  await pass(20);
  await assert.rejects(cache.getOrSet('k', failing), isFailure);
});

test('caches with versioning over one store count deletes together', async () => {
  const store = new MemoryStore();
  const make = () => new LazyLayersCache({ l1: store, versioning: { enabled: true } });
  const [one, two] = [make(), make()];
  await one.set('k', 'old');
  assert.equal(await two.get('k'), 'old');
  await two.delete('k');
  await two.set('k', 'new');
  assert.equal(await one.get('k'), 'new');
  await one.delete('k');
  assert.equal(await two.get('k'), undefined);
});

test('a value that another cache has stored is given, not the load that runs here', async () => {
  const { cache, make } = over();
  const other = make();
  const old = heldLoader();
  const first = cache.getOrSet('k', old);
  const joined = cache.getOrSet('k', old);
  assert.equal(await other.getOrSet('k', () => 'theirs'), 'theirs');
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), 'theirs');
  old.resolve('ours');
  assert.deepEqual(await Promise.all([first, joined]), ['ours', 'ours']);
  assert.equal(await cache.get('k'), 'theirs');
});

test('a load that was led in front before another cache came is neither joined after its delete nor stored', async () => {
  const store = new MemoryStore();
  const old = heldLoader();
  const before = store.getOrSet('k', old);
  const other = new LazyLayersCache({ l1: store });
  await other.delete('k');
  assert.equal(await store.getOrSet('k', () => 'new'), 'new');
  old.resolve('old');
  assert.equal(await before, 'old');
  assert.equal(await store.get('k'), 'new');
});

test('a key that was absent in front before another cache came is there once that has set it', async () => {
  const store = new MemoryStore({ negativeCache: { ttlMs: 60_000 } });
  await store.getOrSet('k', () => undefined);
  assert.equal(await store.has('k'), false);
  const other = new LazyLayersCache({ l1: store });
  await other.set('k', 'set');
  assert.equal(await store.has('k'), true);
  assert.equal(await store.getOrSet('k', () => 'own'), 'set');
  assert.equal(await other.getOrSet('l', () => 'there'), 'there');
});

test('a memory store that overrides methods may be both layers of one cache', async () => {
  class Counted extends MemoryStore {
    reads = 0;
    get(key) {
      this.reads++;
      return super.get(key);
    }
  }
  const store = new Counted();
  const cache = new LazyLayersCache({ l1: store, l2: store });
  await cache.set('k', 1);
  assert.equal(await cache.getOrSet('l', () => 2), 2);
  assert.deepEqual([await cache.get('k'), await cache.get('l'), await store.size()], [1, 2, 2]);
  assert.ok(store.reads > 0);
  await cache.delete('k');
  assert.deepEqual([await cache.get('k'), await cache.size()], [undefined, 1]);
  await cache.close();
});

test('a memory store cannot be both layers of one cache', () => {
  const store = new MemoryStore();
  assert.throws(() => new LazyLayersCache({ l1: store, l2: store }), {
    name: 'TypeError',
    code: 'INVALID_OPTION',
    message: 'lazy-layers-cache: option "l2" must be another store than l1, got an object (MemoryStore)',
  });
});
