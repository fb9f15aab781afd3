// The contract of stores: those of the package keep it, and each case fails for a store that breaks it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { defineStore, MemoryStore, RedisStore } from '../../index.mjs';
import { storeContract } from '../../entry/testing.mjs';
import { sharedServer } from '../redis/shared-server.mjs';
import { MinimalRedis, StreamingRedis } from '../support/minimal-redis.mjs';

const RedisMock = createRequire(new URL('../tools/package.json', import.meta.url))('ioredis-mock');
const { storeOf } = await sharedServer();
let servers = 0;

/** Over a map, by the methods that are needed, and locks. */
function mapDefinition() {
  const entries = new Map();
  const locks = new Map();
  const live = (map, key) => {
    const entry = map.get(key);
    return entry !== undefined && entry.until > Date.now() ? entry.value : undefined;
  };
  const put = (map, key, value, ttlMs = Infinity) => map.set(key, { value, until: Date.now() + ttlMs });
  return {
    get: (key) => live(entries, key),
    set: (key, value, { ttlMs }) => void put(entries, key, value, ttlMs),
    delete: (key) => void entries.delete(key),
    keys: (prefix) => [...entries.keys()].filter((key) => key.startsWith(prefix) && live(entries, key) !== undefined),
    acquireLock: (key, token, ttlMs) => live(locks, key) === undefined && put(locks, key, token, ttlMs) !== undefined,
    releaseLock: (key, token) => void (live(locks, key) === token && locks.delete(key)),
  };
}

const STORES = {
  MemoryStore: () => new MemoryStore(),
  'a RedisStore': (t) => storeOf(t, 'a URL'),
  'a RedisStore by a client that is driven': (t) => storeOf(t, 'a stand-in'),
  'a RedisStore by node-redis that is driven': (t) => storeOf(t, 'a client of node-redis 6 that is driven'),
  'a RedisStore by ioredis-mock': () => new RedisStore(new RedisMock({ host: `contract${(servers += 1)}` })),
  'a RedisStore by the methods that 0.4.0 called': () => new RedisStore(new MinimalRedis()),
  'a RedisStore by streams, without an index': () => new RedisStore(new StreamingRedis(), { useIndex: false }),
  'a store that is defined': () => defineStore(mapDefinition()),
  'a store that is defined for several keys': () => defineStore(manyDefinition()),
};

for (const [kind, make] of Object.entries(STORES)) {
  const context = { made: undefined };
  for (const { name, run } of storeContract(() => make(context.made))) {
    test(`${kind}: ${name}`, (t) => {
      context.made = t;
      return run();
    });
  }
}

/** The same, with methods for several keys. */
function manyDefinition() {
  const definition = mapDefinition();
  return {
    ...definition,
    getMany: (keys) => keys.map(definition.get),
    setMany: (entries, options) => entries.forEach(([key, value]) => definition.set(key, value, options)),
    deleteMany: (keys) => keys.forEach(definition.delete),
  };
}

/** By the case that notices it: a fault of a store. */
const BROKEN = {
  'a value is stored, read, replaced and removed': ({ set }) => {
    const seen = new Set();
    return { set: (key, ...more) => seen.has(key) || (seen.add(key) && set(key, ...more)) };
  },
  'null, false, zero and the empty string are values': ({ get }) => ({
    get: async (key) => (await get(key)) || undefined,
  }),
  'keys are told apart, whatever characters they have': (store) => ({
    get: (key) => store.get(key.toLowerCase()),
    set: (key, ...more) => store.set(key.toLowerCase(), ...more),
  }),
  'an entry is gone when its lifetime is over, and not before': ({ set }) => ({
    set: (key, value, options) => set(key, value, { ttlMs: Math.min(options.ttlMs ?? Infinity, 100) }),
  }),
  'a value that is stored anew has its own lifetime': ({ get, set }) => {
    const first = new Map();
    return {
      set: (key, value, { ttlMs }) =>
        first.set(key, first.get(key) ?? ttlMs) && set(key, value, { ttlMs: first.get(key) }),
      get,
    };
  },
  'a pattern removes what it matches, and nothing else': ({ deleteByPattern }) => ({
    deleteByPattern: (pattern) => deleteByPattern(pattern.replaceAll('.', '?')),
  }),
  'the pattern * removes everything, and the size counts what is there': ({ size }) => ({
    size: async () => Math.min(100, await size()),
  }),
  'calls at the same time do not disturb each other': ({ get }) => {
    let last;
    return {
      get: async (key) => {
        last = key;
        await Promise.resolve();
        return get(last);
      },
    };
  },
  'a large value is read back': ({ set }) => ({
    set: (key, value, options) => set(key, typeof value === 'string' ? value.slice(0, 65_536) : value, options),
  }),
  'a lock has one holder, who alone gives it back': () => ({ acquireLock: () => true }),
  'caches over it share what they load and what they delete': ({ set }) => ({
    set: (key, value, options) =>
      options.source === undefined && value === null ? undefined : set(key, value, options),
  }),
  'several keys are stored, read and removed by the verbs of a cache': ({ get }) => ({
    // In another order than that of the keys.
    getMany: async (keys) => (await Promise.all(keys.map(get))).reverse(),
  }),
  'caches over it load a key once, if it has locks': () => ({ acquireLock: () => true }),
};

for (const { name } of storeContract(() => new MemoryStore())) {
  test(`a store that breaks it is noticed: ${name}`, async () => {
    const factory = () => {
      const store = defineStore(mapDefinition());
      return { ...store, ...BROKEN[name](store) };
    };
    const broken = storeContract(factory).find((one) => one.name === name);
    await assert.rejects(broken.run(), { name: 'AssertionError' });
  });
}

test('a value that is no factory is refused', () => {
  assert.throws(() => storeContract(new MemoryStore()), {
    code: 'INVALID_ARGUMENT',
    message: /factory must be a function/,
  });
});

test('a store is closed when its case is over, also when that fails', async () => {
  let closed = 0;
  const factory = () => ({ ...defineStore(mapDefinition()), get: () => 'always', close: () => (closed += 1) });
  const cases = storeContract(factory);
  const outcomes = await Promise.allSettled(cases.slice(0, 2).map(({ run }) => run()));
  assert.deepEqual([closed, outcomes[0].status], [2, 'rejected']);
});
