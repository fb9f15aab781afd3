import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { isPending, pass, turns } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { FaultyStore } from './support/faulty-store.mjs';
import { MapStore } from './support/map-store.mjs';

/** A plain object with the methods of a store; its entries hang on the object itself. */
const plainStore = () => ({
  entries: {},
  async get(key) {
    return this.entries[key];
  },
  async set(key, value) {
    this.entries[key] = value;
  },
  async getOrSet(key, loader) {
    return (this.entries[key] ??= await loader());
  },
  async has(key) {
    return key in this.entries;
  },
  async delete(key) {
    return delete this.entries[key];
  },
  async deleteByPattern(pattern) {
    const head = pattern.replace(/\*.*$/s, '');
    for (const key of Object.keys(this.entries)) if (key.startsWith(head)) delete this.entries[key];
  },
  async clear() {
    this.entries = {};
  },
  async size() {
    return Object.keys(this.entries).length;
  },
});

/** The same store answering without promises. */
function syncStore() {
  const map = new Map();
  return {
    map,
    get: (key) => map.get(key),
    set: (key, value) => void map.set(key, value),
    getOrSet: (key, loader) => map.get(key) ?? loader(),
    has: (key) => map.has(key),
    delete: (key) => map.delete(key),
    deleteByPattern: () => map.clear(),
    clear: () => map.clear(),
    size: () => map.size,
  };
}

/** Walks through every method of a cache over given layers. */
async function exercise(options) {
  const cache = new LazyLayersCache(options);
  await cache.set('user:1', 'one');
  assert.equal(await cache.get('user:1'), 'one');
  assert.equal(await cache.has('user:1'), true);
  assert.equal(await cache.has('absent'), false);
  assert.equal(await cache.getOrSet('user:2', async () => 'two'), 'two');
  assert.equal(await cache.getOrSet('user:2', () => assert.fail('loader ran')), 'two');
  assert.equal(await cache.size(), 2);
  await cache.delete('user:1');
  assert.equal(await cache.get('user:1'), undefined);
  await cache.deleteByPattern('user:*');
  assert.equal(await cache.get('user:2'), undefined);
  await cache.set('left', 1);
  await cache.clear();
  assert.equal(await cache.size(), 0);
}

for (const [kind, make] of [
  ['a plain object', plainStore],
  ['an object of a class', () => new MapStore()],
  ['a store that answers without promises', syncStore],
  ['a MemoryStore', () => new MemoryStore()],
]) {
  test(`${kind} works as L1`, () => exercise({ l1: make() }));
  test(`${kind} works as L2 below the default L1`, () => exercise({ l2: make() }));
  test(`${kind} works as the only layer, L2`, () => exercise({ l1: false, l2: make() }));
  test(`${kind} works as both layers`, () => exercise({ l1: make(), l2: make() }));
}

test("a store's methods are called on the store, private fields and all", async () => {
  class Private extends MapStore {
    #reads = 0;
    get(key) {
      this.#reads += 1;
      return super.get(key);
    }
    get reads() {
      return this.#reads;
    }
  }
  const l2 = new Private();
  const cache = new LazyLayersCache({ l2 });
  await cache.get('k');
  assert.equal(l2.reads, 1);
});

test('a method replaced on the store after construction is the one called', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  l2.get = async () => 'replaced';
  assert.equal(await cache.get('k'), 'replaced');
});

test('the overridden methods of a MemoryStore subclass are called as L1', async () => {
  class Upper extends MemoryStore {
    calls = [];
    async set(key, value, options) {
      this.calls.push('set');
      await super.set(key, `${value}!`, options);
    }
    async get(key) {
      this.calls.push('get');
      return super.get(key);
    }
    async delete(key) {
      this.calls.push('delete');
      return super.delete(key);
    }
  }
  const l1 = new Upper();
  const cache = new LazyLayersCache({ l1 });
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), 'v!');
  await cache.delete('k');
  assert.equal(await cache.get('k'), undefined);
  assert.deepEqual(l1.calls, ['set', 'get', 'delete', 'get']);
});

test('the overridden methods of a MemoryStore subclass are called as L2', async () => {
  class Counting extends MemoryStore {
    reads = 0;
    get(key) {
      this.reads += 1;
      return super.get(key);
    }
  }
  const l2 = new Counting();
  await l2.set('k', 'v');
  const cache = new LazyLayersCache({ l2 });
  assert.equal(await cache.get('k'), 'v');
  assert.equal(l2.reads, 1);
});

test('a MemoryStore given as L1 is the one that holds the entries', async () => {
  const l1 = new MemoryStore({ levels: { L1: { maxEntries: 2 } } });
  const cache = new LazyLayersCache({ l1 });
  for (const key of ['a', 'b', 'c']) await cache.set(key, key);
  assert.equal(await l1.size(), 2);
  assert.equal(await l1.get('c'), 'c');
  await l1.delete('c');
  assert.equal(await cache.get('c'), undefined);
});

test('two caches may share one MemoryStore', async () => {
  const l1 = new MemoryStore();
  const [one, two] = [new LazyLayersCache({ l1 }), new LazyLayersCache({ l1 })];
  await one.set('k', 'v');
  assert.equal(await two.get('k'), 'v');
});

test('an undefined or null answer of L2 is told apart: absent or stored', async () => {
  const l2 = new MapStore([['null', null]]);
  const cache = new LazyLayersCache({ l2 });
  assert.equal(await cache.get('null'), null);
  assert.equal(await cache.getOrSet('null', () => assert.fail('loader ran')), null);
  assert.equal(await cache.get('absent'), undefined);
});

for (const how of ['reject', 'throw']) {
  test(`an L2 whose methods ${how} rejects no call`, async () => {
    const l2 = new FaultyStore().fail(how);
    const cache = new LazyLayersCache({
      l2,
      logging: { enabled: false },
      resilience: { l2CircuitBreaker: { enabled: false } },
    });
    const seen = record(cache);
    await cache.set('k', 'v');
    assert.equal(await cache.get('k'), 'v');
    assert.equal(await cache.get('absent'), undefined);
    assert.equal(await cache.has('absent'), false);
    assert.equal(await cache.getOrSet('loaded', () => 1), 1);
    await cache.delete('k');
    await cache.deleteByPattern('k*');
    await cache.clear();
    assert.equal(await cache.get('loaded'), undefined);
    assert.ok(seen.of('l2:error').every((event) => event.error === l2.error));
    const operations = new Set(seen.of('l2:error').map((event) => event.operation));
    for (const operation of ['get', 'set', 'has', 'delete']) assert.ok(operations.has(operation), operation);
  });

  test(`an only layer L2 whose methods ${how} rejects no call`, async () => {
    const cache = new LazyLayersCache({ l1: false, l2: new FaultyStore().fail(how), logging: { enabled: false } });
    await cache.set('k', 'v');
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
    assert.equal(await cache.size(), 0);
  });
}

test('an L2 that hangs does not hold up L1 hits or other keys', async () => {
  const l2 = new FaultyStore().fail('hang', 'get');
  const cache = new LazyLayersCache({ l2 });
  await cache.set('k', 'v');
  const hung = cache.get('absent');
  assert.equal(await cache.get('k'), 'v');
  await cache.set('other', 1);
  assert.equal(await cache.getOrSet('other', () => 2), 1);
  assert.equal(await isPending(hung), true);
  hung.catch(() => {});
  await cache.close({ timeoutMs: 0 });
});

test('an L2 that hangs on a read is not waited for by callers past inflight.ttlMs', async () => {
  const l2 = new FaultyStore().fail('hang', 'get');
  const cache = new LazyLayersCache({ l2, inflight: { ttlMs: 15 } });
  cache.getOrSet('k', () => 'never asked for').catch(() => {});
  await turns();
  await pass(15);
  l2.heal();
  assert.equal(await cache.getOrSet('k', () => 'second'), 'second');
  await cache.close({ timeoutMs: 0 });
});
