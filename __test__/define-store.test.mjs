// Stores of users' own that are defined by fewer methods than a cache calls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineStore, isInspectableStore, LazyLayersCache } from '../index.mjs';

const overMap = (values = new Map()) => ({
  values,
  get(key) {
    return this.values.get(key);
  },
  set(key, value) {
    this.values.set(key, value);
  },
  delete(key) {
    this.values.delete(key);
  },
  *keys(prefix) {
    for (const key of this.values.keys()) if (key.startsWith(prefix)) yield key;
  },
});

test('patterns, sizes and has are made of keys, get and delete', async () => {
  const definition = overMap();
  const store = defineStore(definition);
  for (let at = 0; at < 250; at += 1) await store.set(`user:${at}`, null);
  await store.set('other', 1);
  assert.deepEqual([await store.has('user:1'), await store.has('user'), await store.size()], [true, false, 251]);
  await store.deleteByPattern('user:?');
  assert.equal(await store.size(), 241);
  await store.deleteByPattern('user:*');
  assert.deepEqual([...definition.values.keys()], ['other']);
});

test('keys are asked for by the beginning of a pattern, and may come later, others among them', async () => {
  const asked = [];
  const values = new Map([
    ['a:1', 1],
    ['b:1', 1],
  ]);
  const definition = {
    ...overMap(values),
    async keys(prefix) {
      asked.push(prefix);
      return (async function* () {
        yield* values.keys();
      })();
    },
  };
  await defineStore(definition).deleteByPattern('a:?*');
  assert.deepEqual([asked, [...values.keys()]], [['a:'], ['b:1']]);
});

test('the methods of the definition are called on it', async () => {
  const called = [];
  const note = (name, answer) =>
    function (...args) {
      called.push([name, this === definition, ...args]);
      return answer;
    };
  const definition = {
    get: note('get', 1),
    set: note('set'),
    delete: note('delete'),
    has: note('has', true),
    deleteByPattern: note('deleteByPattern'),
    size: note('size', 7),
    acquireLock: note('acquireLock', true),
    releaseLock: note('releaseLock'),
    inspect: note('inspect', { size: 0, keys: [] }),
  };
  const store = defineStore(definition);
  assert.equal(await store.size(), 7);
  await store.has('k');
  await store.set('k', 1);
  await store.deleteByPattern('*');
  await store.acquireLock('k', 't', 5);
  await store.inspect({ limit: 1 });
  assert.deepEqual(called, [
    ['size', true],
    ['has', true, 'k'],
    ['set', true, 'k', 1, {}],
    ['deleteByPattern', true, '*'],
    ['acquireLock', true, 'k', 't', 5],
    ['inspect', true, { limit: 1 }],
  ]);
  assert.equal(isInspectableStore(store), true);
  assert.equal(isInspectableStore(defineStore(overMap())), false);
});

test('a cache over it asks for several keys at once if it has the methods', async (t) => {
  const called = [];
  const definition = {
    ...overMap(),
    getMany(keys) {
      called.push(['getMany', ...keys]);
      return keys.map((key) => this.get(key));
    },
    setMany(entries) {
      called.push(['setMany', ...entries.flat()]);
      for (const entry of entries) this.set(...entry);
    },
    deleteMany(keys) {
      called.push(['deleteMany', ...keys]);
      for (const key of keys) this.delete(key);
    },
  };
  const cache = new LazyLayersCache({ l1: false, l2: defineStore(definition) });
  t.after(() => cache.close());
  await cache.setMany([
    ['a', 1],
    ['b', 2],
  ]);
  assert.deepEqual([...(await cache.getMany(['a', 'b', 'c']))].flat(), ['a', 1, 'b', 2]);
  await cache.deleteMany(['a', 'b']);
  assert.equal(definition.values.size, 0);
  assert.deepEqual(called, [
    ['setMany', 'a', 1, 'b', 2],
    ['getMany', 'a', 'b', 'c'],
    ['deleteMany', 'a', 'b'],
  ]);
});

test('a cache over it takes part in locks only if it has them', async (t) => {
  const tokens = [];
  const locking = { ...overMap(), acquireLock: (_key, token) => tokens.push(token) > 0, releaseLock: () => {} };
  for (const definition of [overMap(), locking]) {
    const cache = new LazyLayersCache({ l2: defineStore(definition), distributedLock: { enabled: true } });
    t.after(() => cache.close());
    assert.equal(await cache.getOrSet('k', () => 1), 1);
    assert.equal(definition.values.get('k'), 1);
  }
  assert.equal(tokens.length, 1);
});

const refused = [
  [undefined, /store must be an object with the methods of a store, got undefined/],
  [{ set() {}, delete() {}, keys() {} }, /store\.get must be a function, got undefined/],
  [{ get() {}, set: 5, delete() {}, keys() {} }, /store\.set must be a function, got 5/],
  [{ get() {}, set() {}, delete() {} }, /store\.deleteByPattern must be a function, unless there is store\.keys/],
  [
    { get() {}, set() {}, delete() {}, deleteByPattern() {} },
    /store\.size must be a function, unless there is store\.keys/,
  ],
];

for (const [definition, message] of refused) {
  test(`a definition that lacks something is refused: ${message.source}`, () => {
    assert.throws(() => defineStore(definition), { name: 'TypeError', code: 'INVALID_ARGUMENT', message });
  });
}

test('a method that is no function is refused, and one of the two for locks', () => {
  const optional = ['has', 'keys', 'deleteByPattern', 'size', 'getMany', 'setMany', 'deleteMany', 'inspect', 'close'];
  for (const name of optional) {
    assert.throws(() => defineStore({ ...overMap(), deleteByPattern() {}, size: () => 0, [name]: 5 }), {
      code: 'INVALID_ARGUMENT',
      message: `lazy-layers-cache: store.${name} must be a function or left out, got 5`,
    });
  }
  assert.throws(() => defineStore({ ...overMap(), acquireLock: () => true }), {
    code: 'INVALID_ARGUMENT',
    message: 'lazy-layers-cache: store.releaseLock must be a function, as there is store.acquireLock, got undefined',
  });
  defineStore({ ...overMap(), has: undefined, acquireLock: undefined, close: null });
});

test('an answer of keys that is no list of strings is told as what it is', async () => {
  const answers = { 5: 5, abc: 'abc', undefined, object: {} };
  for (const answer of Object.values(answers)) {
    await assert.rejects(defineStore({ ...overMap(), keys: () => answer }).size(), {
      code: 'INVALID_ARGUMENT',
      message: /: the answer of keys must be an iterable of strings, an asynchronous one, or a promise of one, got /,
    });
  }
  const store = defineStore({ ...overMap(), keys: () => ['a', 1] });
  await assert.rejects(store.deleteByPattern('*'), {
    code: 'INVALID_ARGUMENT',
    message: 'lazy-layers-cache: a key in the answer of keys must be a string, got 1',
  });
  await assert.rejects(store.deleteByPattern(/a/), {
    code: 'INVALID_ARGUMENT',
    message: 'lazy-layers-cache: pattern must be a string, got an object (RegExp)',
  });
});
