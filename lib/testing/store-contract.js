'use strict';
// The contract that caches rely on in a store, as cases that any test runner can run.

const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const { LazyLayersCache } = require('../cache.js');
const { argument } = require('../errors.js');

const WAIT_MS = 15_000;
/** A lifetime that is waited for, and one that is not over meanwhile. */
const SHORT_MS = 100;
const LONG_MS = 600_000;
const LARGE = 1_000_000;

/**
 * @typedef {import('../../types/testing.js').StoreUnderTest} Store
 */

/**
 * The cases of a store. See types/testing.d.ts.
 * @param {() => Store | Promise<Store>} factory
 */
function storeContract(factory) {
  if (typeof factory !== 'function') throw argument('factory', 'a function that returns an empty store', factory);
  return Object.entries(CASES).map(([name, holds]) => ({
    name,
    async run() {
      const store = await factory();
      if (store === null || typeof store !== 'object') throw argument('the answer of factory', 'a store', store);
      try {
        await holds(store);
      } finally {
        await store.close?.();
      }
    },
  }));
}

/** @type {Record<string, (store: Store) => Promise<void>>} */
const CASES = {
  async 'a value is stored, read, replaced and removed'(store) {
    await isAbsent(store, 'k');
    await store.set('k', { a: [1, 'two', null, true], b: { c: -0.5 } });
    assert.deepEqual(await store.get('k'), { a: [1, 'two', null, true], b: { c: -0.5 } });
    assert.equal(await store.has('k'), true);
    await store.set('k', 'other');
    assert.equal(await store.get('k'), 'other');
    await store.delete('k');
    await isAbsent(store, 'k');
    await store.delete('k');
  },

  async 'null, false, zero and the empty string are values'(store) {
    for (const value of [null, false, 0, '']) {
      await store.set('k', value);
      assert.deepEqual([await store.get('k'), await store.has('k')], [value, true], `${JSON.stringify(value)} is kept`);
    }
  },

  async 'keys are told apart, whatever characters they have'(store) {
    const keys = ['a', 'A', ' a', 'a:b', 'a/b', 'a%2Fb', '../a', 'é', '日本', '😀', 'a\n', '[a]', 'a\\', '1', '01'];
    keys.push('x'.repeat(1000));
    await Promise.all(keys.map((key) => store.set(key, { key })));
    for (const key of keys) assert.deepEqual(await store.get(key), { key }, `the value of ${JSON.stringify(key)}`);
    assert.equal(await store.size(), keys.length);
  },

  async 'an entry is gone when its lifetime is over, and not before'(store) {
    await store.set('long', 1, { ttlMs: LONG_MS });
    await store.set('forever', 1, { ttlMs: Infinity });
    await store.set('short', 1, { ttlMs: SHORT_MS });
    await until(async () => (await store.get('short')) === undefined, 'the entry expires');
    await isAbsent(store, 'short');
    assert.deepEqual([await store.get('long'), await store.get('forever')], [1, 1], 'the others live');
  },

  async 'a value that is stored anew has its own lifetime'(store) {
    await store.set('longer', 1, { ttlMs: SHORT_MS });
    await store.set('longer', 2, { ttlMs: LONG_MS });
    await store.set('shorter', 1, { ttlMs: LONG_MS });
    await store.set('shorter', 2, { ttlMs: SHORT_MS });
    await until(async () => (await store.get('shorter')) === undefined, 'the entry expires');
    assert.equal(await store.get('longer'), 2);
  },

  async 'a pattern removes what it matches, and nothing else'(store) {
    const removes = async (
      /** @type {string} */ pattern,
      /** @type {string[]} */ some,
      /** @type {string[]} */ kept,
    ) => {
      await Promise.all([...some, ...kept].map((key) => store.set(key, 1)));
      await store.deleteByPattern(pattern);
      for (const key of some) assert.equal(await store.has(key), false, `${pattern} matches ${key}`);
      for (const key of kept) assert.equal(await store.has(key), true, `${pattern} does not match ${key}`);
    };
    await removes('user:*', ['user:1', 'user:', 'user:1:2'], ['User:1', 'user', 'a user:1']);
    await removes('*:name', ['1:name', ':name'], ['1:names', 'name']);
    await removes('a?c', ['abc', 'a?c', 'aéc'], ['ac', 'abbc']);
    // All but the two stand for themselves, also the special characters of regular expressions, globs and SQL.
    const plain = 'a.c+[x]{1}(y)|\\^$%_';
    const similar = [
      plain.replace('.', 'b'),
      plain.replace('+', 'c'),
      plain.replace('[x]', 'x'),
      plain.replace('%_', 'ab'),
    ];
    await removes(plain, [plain], similar);
    await removes('exact', ['exact'], ['exact2']);
  },

  async 'the pattern * removes everything, and the size counts what is there'(store) {
    assert.equal(await store.size(), 0, 'the store that the factory makes is empty');
    await Promise.all(Array.from({ length: 250 }, (_, at) => store.set(`k${at}`, at)));
    assert.equal(await store.size(), 250);
    await store.deleteByPattern('*');
    assert.equal(await store.size(), 0);
    await isAbsent(store, 'k1');
  },

  async 'calls at the same time do not disturb each other'(store) {
    const keys = Array.from({ length: 200 }, (_, at) => `k${at}`);
    await Promise.all(keys.map((key) => store.set(key, { key })));
    const read = await Promise.all(keys.map((key) => store.get(key)));
    assert.deepEqual(
      read,
      keys.map((key) => ({ key })),
    );
  },

  async 'a large value is read back'(store) {
    const text = 'ü1'.repeat(LARGE / 2);
    await store.set('k', text);
    assert.ok((await store.get('k')) === text, 'the text is the same');
  },

  async 'a lock has one holder, who alone gives it back'(store) {
    if (store.acquireLock === undefined || store.releaseLock === undefined) return;
    assert.equal(await store.acquireLock('k', 'one', LONG_MS), true);
    assert.equal(await store.acquireLock('k', 'other', LONG_MS), false, 'the lock is held');
    assert.equal(await store.acquireLock('l', 'other', LONG_MS), true, 'the lock of another key is free');
    await store.releaseLock('k', 'other');
    assert.equal(await store.acquireLock('k', 'other', LONG_MS), false, 'only its holder gives it back');
    await store.releaseLock('k', 'one');
    assert.equal(await store.acquireLock('k', 'other', SHORT_MS), true, 'it was given back');
    await until(() => store.acquireLock?.('k', 'third', LONG_MS), 'a lock ends after its lifetime');
    await isAbsent(store, 'k');
  },

  async 'caches over it share what they load and what they delete'(store) {
    await withCaches(store, async ([one, other]) => {
      assert.deepEqual(await one.getOrSet('k', () => ({ from: 'one' })), { from: 'one' });
      assert.deepEqual(await other.getOrSet('k', () => ({ from: 'other' })), { from: 'one' });
      await one.set('k', null);
      assert.equal(await other.get('k'), null);
      await one.delete('k');
      assert.equal(await other.get('k'), undefined);
      await one.set('k', 1);
      await other.clear();
      assert.equal(await one.get('k'), undefined);
    });
  },

  async 'several keys are stored, read and removed by the verbs of a cache'(store) {
    await withCaches(store, async ([one, other]) => {
      const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
      const kept = new Map(keys.map((key, at) => [key, at === 0 ? null : { key }]));
      await one.setMany(kept, { ttlMs: LONG_MS });
      await one.setMany(new Map([...keys].map((key) => [`short ${key}`, 1])), { ttlMs: SHORT_MS });
      assert.deepEqual(await other.getMany(['none', ...keys]), kept);
      assert.deepEqual(await store.get('k1'), { key: 'k1' });
      await until(async () => (await store.get('short k1')) === undefined, 'the entries expire');
      await other.deleteMany(keys.slice(5));
      assert.deepEqual([...(await one.getMany(keys)).keys()], keys.slice(0, 5));
    });
  },

  async 'caches over it load a key once, if it has locks'(store) {
    if (store.acquireLock === undefined || store.releaseLock === undefined) return;
    await withCaches(store, async (caches) => {
      let loads = 0;
      const load = async () => {
        loads++;
        await sleep(SHORT_MS / 2);
        return { loads };
      };
      const loaded = await Promise.all(caches.map((cache) => cache.getOrSet('k', load)));
      assert.deepEqual(loaded, [{ loads: 1 }, { loads: 1 }]);
    });
  },
};

/**
 * @param {Store} store
 * @param {string} key
 */
async function isAbsent(store, key) {
  assert.deepEqual([await store.get(key), await store.has(key)], [undefined, false], `there is no ${key}`);
}

/**
 * Two caches without a first layer.
 * @param {Store} store
 * @param {(caches: any[]) => Promise<void>} act
 */
async function withCaches(store, act) {
  /** @type {unknown[]} */
  const failed = [];
  const caches = Array.from({ length: 2 }, () => {
    const cache = new LazyLayersCache({
      l1: false,
      l2: store,
      source: randomUUID(),
      logging: { enabled: false },
      distributedLock: { enabled: true, pollMs: 5 },
    });
    cache.on((event) => void failed.push(event), { types: ['l2:error', 'l2:skipped'] });
    return cache;
  });
  try {
    await act(caches);
    assert.deepEqual(failed, [], 'no call of the store failed');
  } finally {
    await Promise.all(caches.map((cache) => cache.close()));
  }
}

/**
 * @param {() => unknown} holds
 * @param {string} what
 */
async function until(holds, what) {
  const end = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new assert.AssertionError({ message: `within ${WAIT_MS} ms: ${what}` });
    await sleep(5);
  }
}

module.exports = { storeContract };
