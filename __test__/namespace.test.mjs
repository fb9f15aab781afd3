// `namespace`: the verbs of a cache on the keys of a part of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { HybridCache, LazyLayersCache, MemoryStore } from '../index.mjs';
import { deferred } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub } from './support/memory-bus.mjs';

const make = (options = {}) => new LazyLayersCache({ logging: { enabled: false }, ...options });
const fails = () => Promise.reject(new Error('down'));

test('keys: are those of the cache after the name, however they are given', async () => {
  const cache = make();
  const users = cache.namespace('users');
  assert.equal(users.name, 'users');
  await users.set(1, 'one');
  assert.equal(await cache.get('users:1'), 'one');
  assert.equal(await users.get('1'), 'one');
  assert.equal(users.peek(1n), 'one');
  assert.equal(await users.has(1), true);
  assert.equal((await users.getEntry(1)).source, 'L1');
  assert.equal((await users.getOrSetEntry(2, () => 'two')).source, 'load');
  assert.equal(await users.getOrSet(3, () => 'three'), 'three');
  assert.equal(await cache.get('users:3'), 'three');
  await users.delete(1);
  assert.equal(await cache.has('users:1'), false);
  assert.equal(await users.get(undefined), undefined);
});

test('keys: of nested namespaces have both names', async () => {
  const cache = make();
  const sessions = cache.namespace('users').namespace('sessions');
  assert.equal(sessions.name, 'users:sessions');
  await sessions.set('a', 1);
  assert.equal(await cache.get('users:sessions:a'), 1);
  assert.equal(await cache.namespace('users:sessions').get('a'), 1);
});

test('keys: that are none reject', async () => {
  const users = make().namespace('users');
  for (const call of [
    () => users.get({}),
    () => users.set(null, 1),
    () => users.getOrSet(Symbol('key'), () => 1),
    () => users.getOrSet('a', 'no function'),
    () => users.delete([]),
    () => users.deleteByPattern(7),
    () => users.expireByPattern(undefined),
  ]) {
    await assert.rejects(call(), { name: 'TypeError', code: 'INVALID_ARGUMENT' });
  }
  assert.throws(() => users.peek({}), { code: 'INVALID_ARGUMENT' });
});

test('names that patterns would take for others are refused', () => {
  const cache = make();
  for (const name of ['', 'a*', 'a?b', 7, undefined, null, {}]) {
    assert.throws(() => cache.namespace(name), { name: 'TypeError', code: 'INVALID_ARGUMENT', message: /"name"|name/ });
  }
  for (const name of ['a[b]', 'a\\', '{tag}', '^a-b$', 'é𝄞']) assert.equal(cache.namespace(name).name, name);
});

const layers = {
  'L1 alone': () => ({}),
  versioned: () => ({ versioning: { enabled: true } }),
  'L1 and L2': () => ({ l2: new MapStore() }),
  'a custom L1': () => ({ l1: new MemoryStoreOfUser() }),
  'L2 alone': () => ({ l1: false, l2: new MemoryStoreOfUser() }),
};
class MemoryStoreOfUser extends MemoryStore {
  get(key) {
    return super.get(key);
  }
}
for (const [name, optionsOf] of Object.entries(layers)) {
  test(`clear, patterns and size: concern its keys alone, with ${name}`, async () => {
    const cache = make(optionsOf());
    const [users, user] = [cache.namespace('user[s]'), cache.namespace('user')];
    for (const key of ['a:1', 'a:2', 'b:1']) await users.set(key, key);
    await user.set('a:1', 'other');
    await cache.set('users', 'plain');
    await users.namespace('inner').set('x', 1);
    assert.deepEqual([await users.size(), await user.size()], [4, 1]);
    await users.deleteByPattern('a:*');
    assert.deepEqual([await users.size(), await users.get('b:1')], [2, 'b:1']);
    await users.clear();
    assert.deepEqual([await users.size(), await user.size()], [0, 1]);
    assert.deepEqual([await user.get('a:1'), await cache.get('users')], ['other', 'plain']);
  });
}

test('clear, patterns and size: the size counts no entry that is over, and many entries in slices', async () => {
  const cache = make({ levels: { L1: { maxEntries: 40_000 } } });
  const [users, others] = [cache.namespace('users'), cache.namespace('others')];
  for (let n = 0; n < 17_000; n += 1) void users.set(n, n);
  for (let n = 0; n < 17_000; n += 1) void others.set(n, n);
  assert.deepEqual([await users.size(), await others.size()], [17_000, 17_000]);
});

test('clear, patterns and size: the size of a store that cannot list its entries is an error that names the method', async () => {
  const cache = make({ l1: false, l2: new MapStore() });
  await assert.rejects(cache.namespace('users').size(), {
    name: 'TypeError',
    code: 'INVALID_ARGUMENT',
    message: /"inspect"/,
  });
  assert.equal(await make({ l1: false }).namespace('users').size(), 0);
});

test('clear, patterns and size: expire and expireByPattern keep stale copies', async () => {
  const cache = make({ failSafe: { enabled: true, staleTtlMs: 1000 } });
  const users = cache.namespace('users');
  for (const key of ['a', 'b']) await users.set(key, key);
  await cache.set('c', 'c');
  await users.expire('a');
  await users.expireByPattern('*');
  assert.deepEqual([users.peek('a'), users.peek('b'), cache.peek('c')], [undefined, undefined, 'c']);
  assert.deepEqual([await users.getOrSet('a', fails), await users.getOrSet('b', fails)], ['a', 'b']);
});

const ttlOf = async (namespace, options) => (await namespace.getOrSetEntry('k', () => 1, options)).ttlMs;

test('options: are defaults of its calls, which a call may override', async () => {
  const cache = make({ ttlMs: 9000 });
  const users = cache.namespace('users', { ttlMs: 500 });
  assert.equal(await ttlOf(users), 500);
  await users.clear();
  assert.equal(await ttlOf(users, { ttlMs: 700 }), 700);
  await users.clear();
  assert.equal(await ttlOf(users, { negativeCache: { ttlMs: 5 }, ttlMs: undefined }), 500);
  await users.clear();
  await users.set('k', 1);
  assert.ok((await users.getEntry('k')).ttlMs <= 500);
  assert.equal(await ttlOf(cache.namespace('others')), 9000);
});

test('options: a lifetime of the call goes before those of layers by default', async () => {
  const users = make().namespace('users', { levels: { L1: { ttlMs: 500 } } });
  assert.equal(await ttlOf(users), 500);
  await users.clear();
  assert.equal(await ttlOf(users, { ttlMs: 700 }), 700);
  await users.clear();
  assert.equal(await ttlOf(users, { failSafe: { enabled: false } }), 500);
});

test('options: of a nested one are laid over those around it, group by group', async () => {
  const users = make().namespace('users', { failSafe: { enabled: true, staleTtlMs: 1000 }, ttlMs: 800 });
  const inner = users.namespace('inner', { failSafe: { staleTtlMs: 2000 } });
  assert.equal(await ttlOf(inner), 800);
  await inner.expire('k');
  assert.equal(await inner.getOrSet('k', fails), 1);
});

test('options: are copied, and checked at once', async () => {
  const cache = make();
  const options = { levels: { L1: { ttlMs: 500 } } };
  const users = cache.namespace('users', options);
  options.levels.L1.ttlMs = 1;
  assert.equal(await ttlOf(users), 500);
  assert.throws(() => cache.namespace('users', { ttlMs: 'soon' }), { code: 'INVALID_OPTION', message: /ttlMs/ });
  await assert.rejects(users.set('k', 1, 'options'), { code: 'INVALID_OPTION' });
});

test('options: reach layers of the user as those of a call', async () => {
  const given = [];
  const l2 = new MapStore();
  const { set } = l2;
  l2.set = (...args) => {
    given.push(args[2]);
    return set.apply(l2, args);
  };
  await make({ l2 }).namespace('users', { ttlMs: 500 }).set('k', 1);
  assert.equal(given[0].ttlMs, 500);
});

test('options: objects for a store of the user reach it as they are', async () => {
  class Session {
    commit() {}
  }
  const around = {};
  around.itself = around;
  const about = { session: new Session(), at: new Date(0), bytes: Buffer.from('a'), around };
  const given = [];
  const l2 = new MapStore();
  l2.set = (...args) => given.push(args[2]);
  const users = make({ l2 }).namespace('users', { ttlMs: 500, session: {} });
  await users.set('k', 1, about);
  await users.namespace('inner', about).set('k', 1);
  for (const options of given) {
    assert.equal(options.ttlMs, 500);
    for (const [name, value] of Object.entries(about)) assert.equal(options[name], value, name);
  }
});

test('options: inherited ones and getters of a class count, as in a call of the cache', async () => {
  class Options {
    get ttlMs() {
      return 500;
    }
  }
  const cache = make();
  assert.equal(await ttlOf(cache.namespace('users', new Options())), 500);
  const users = cache.namespace('others', { tags: ['others'] });
  await users.set('k', 1, new Options());
  await users.set('l', 1, Object.create({ ttlMs: 600 }));
  const left = async (key) => Math.ceil((await users.getEntry(key)).ttlMs / 100) * 100;
  assert.deepEqual([await left('k'), await left('l')], [500, 600]);
});

test('loads are shared with calls of the cache, and the bus too', async () => {
  const hub = new MemoryHub();
  const [one, other] = [make({ eventBus: hub.bus() }), make({ eventBus: hub.bus() })];
  const gate = deferred();
  const first = one.namespace('users').getOrSet(1, () => gate.promise);
  const second = one.getOrSet('users:1', () => assert.fail('not to run'));
  gate.resolve('value');
  assert.deepEqual([await first, await second], ['value', 'value']);
  assert.equal(await other.namespace('users').get(1), 'value');
  await one.namespace('users').clear();
  assert.equal(other.namespace('users').peek(1), undefined);
});

test('the methods of a subclass are used', async () => {
  class Upper extends HybridCache {
    get(key) {
      return super.get(key.toUpperCase());
    }
  }
  const cache = new Upper({ logging: { enabled: false } });
  await cache.set('USERS:A', 1);
  assert.equal(await cache.namespace('users').get('a'), 1);
});

test('stats: tell namespaces apart, by the calls that went through them', async () => {
  const cache = make();
  assert.deepEqual(cache.stats().namespaces, []);
  const users = cache.namespace('users');
  await users.get('a');
  await users.getOrSet('a', () => 1);
  await users.getOrSet('a', () => 2);
  await users.get('a');
  await users.getEntry('a');
  await users.getOrSetEntry('b', () => undefined);
  await assert.rejects(users.getOrSet('c', fails));
  await users.set('d', 4);
  await users.delete('d');
  await cache.namespace('users').clear();
  await cache.get('users:a');
  cache.namespace('posts');
  const none = { hits: 0, misses: 0, loads: 0, sets: 0, deletes: 0 };
  assert.deepEqual(cache.stats().namespaces, [
    { namespace: 'users', hits: 3, misses: 4, loads: 3, sets: 1, deletes: 2 },
    { namespace: 'posts', ...none },
  ]);
});

test('stats: a refresh is a load, and its call a hit', async () => {
  const cache = make({ ttlMs: 60_000, refreshAhead: 0.000_01 });
  const users = cache.namespace('users');
  await users.getOrSet('a', () => 1);
  await sleep(5);
  assert.equal(await users.getOrSet('a', () => 2), 1);
  await cache.drain();
  assert.equal(await users.get('a'), 2);
  await sleep(5);
  await users.getMany(['a'], () => [3]);
  await cache.drain();
  const [{ hits, misses, loads }] = cache.stats().namespaces;
  assert.deepEqual({ hits, misses, loads }, { hits: 3, misses: 1, loads: 3 });
});

test('stats: a getMany of which loads fail counts as the calls for single keys', async () => {
  const cache = make();
  const users = cache.namespace('users');
  await users.set('held', 1);
  await assert.rejects(
    users.getMany(['held', 'a', 'b'], () => [new Error('down'), 2]),
    { code: 'LOADS_FAILED' },
  );
  const [{ hits, misses, loads }] = cache.stats().namespaces;
  assert.deepEqual({ hits, misses, loads }, { hits: 1, misses: 2, loads: 2 });
});

test('stats: at most 50 of them, and the others together', async () => {
  const cache = make();
  for (let n = 0; n < 60; n += 1) await cache.namespace(`n${n}`).get('a');
  const all = cache.stats().namespaces;
  assert.equal(all.length, 51);
  assert.deepEqual([all[49].namespace, all[49].misses], ['n49', 1]);
  assert.deepEqual([all[50].namespace, all[50].misses], ['*', 10]);
});

test('console.log shows its name', () => {
  const users = make().namespace('users');
  assert.equal(inspect([users, users.namespace('inner')]), '[ Namespace "users", Namespace "users:inner" ]');
  assert.equal(inspect(Object.create(Object.getPrototypeOf(users))), '[Namespace]');
});

test('after close its calls reject', async () => {
  const cache = make();
  const users = cache.namespace('users');
  await cache.close();
  await assert.rejects(users.get('a'), { code: 'CACHE_CLOSED' });
  await assert.rejects(users.size(), { code: 'CACHE_CLOSED' });
  assert.throws(() => users.peek('a'), { code: 'CACHE_CLOSED' });
});

test('several keys: are read, stored, looked for and deleted without the name', async () => {
  const cache = make();
  const users = cache.namespace('users', { ttlMs: 1_000 });
  await users.setMany({ a: 'A', b: 'B' });
  assert.equal(await cache.get('users:a'), 'A');
  assert.deepEqual(
    [...(await users.getMany(['b', 'none', 'a', 'b']))],
    [
      ['b', 'B'],
      ['a', 'A'],
    ],
  );
  assert.deepEqual(
    [...(await users.hasMany(['a', 'none']))],
    [
      ['a', true],
      ['none', false],
    ],
  );
  await users.deleteMany(['a', 'a']);
  assert.equal(await cache.has('users:a'), false);
  const [counts] = cache.stats().namespaces;
  assert.deepEqual(counts, { namespace: 'users', hits: 2, misses: 1, loads: 0, sets: 2, deletes: 1 });
});

test('several keys: the loader and the answer have them as they were given', async () => {
  const cache = make();
  const users = cache.namespace('users');
  await users.set('7', 'seven');
  const asked = [];
  const loadMany = async (missing) => {
    asked.push(missing);
    return new Map([[8, 'eight']]);
  };
  const found = await users.getMany([7, 8, '8', 9], loadMany);
  assert.deepEqual(asked, [[8, 9]]);
  assert.deepEqual(
    [...found],
    [
      [7, 'seven'],
      [8, 'eight'],
      ['8', 'eight'],
    ],
  );
  assert.equal(await cache.get('users:8'), 'eight');
  const [counts] = cache.stats().namespaces;
  assert.deepEqual(counts, { namespace: 'users', hits: 1, misses: 2, loads: 2, sets: 1, deletes: 0 });
});

test('several keys: an error names those of the namespace', async () => {
  const users = make().namespace('users');
  const failed = new Error('down');
  await assert.rejects(
    users.getMany(['a', 'b'], () => ({ a: failed, b: 'B' })),
    (error) => {
      assert.equal(error.code, 'LOADS_FAILED');
      assert.match(error.message, /"a"/);
      assert.deepEqual([...error.failures], [['a', failed]]);
      assert.deepEqual([...error.partial], [['b', 'B']]);
      return true;
    },
  );
});

test('functions: read through the namespace, and their misses are loaded together', async () => {
  const cache = make();
  const users = cache.namespace('users');
  const calls = [];
  const name = users.wrap(async (id) => `user ${id}`, {
    key: (id) => id,
    loadMany: (several) => {
      calls.push(several);
      return several.map(([id]) => `user ${id}`);
    },
  });
  assert.deepEqual(await Promise.all([name(1), name(2), name(1)]), ['user 1', 'user 2', 'user 1']);
  assert.deepEqual(calls, [[[1], [2]]]);
  assert.equal(await cache.get('users:1'), 'user 1');
  await name.delete(1);
  assert.equal(await cache.has('users:1'), false);
  await name.expire(2);
  assert.equal(await users.has(2), false);
  assert.equal(await name.refresh(2), 'user 2');
});
