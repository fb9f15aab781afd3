// Deletes, and loaded values, that are under way together: they share calls of scripts, and fail one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { callsOf, redisWithClient } from '../support/servers/redis.mjs';
import { standIn } from './kinds.mjs';

const KEYS = Array.from({ length: 300 }, (_, id) => `k${id}`);
const ENTRIES = KEYS.map((key, id) => [key, { id }]);
/** In one pipeline. */
const FEW = KEYS.slice(0, 12);

function cacheOn(t, redis, store = {}) {
  const l2 = redis instanceof RedisStore ? redis : new RedisStore(redis, store);
  const cache = new LazyLayersCache({ l2, ttlMs: 60_000, l1: false, logging: { enabled: false } });
  t.after(() => cache.close());
  return cache;
}

const deleteAll = (cache, keys) => Promise.all(keys.map((key) => cache.delete(key)));

/** Loads of keys, all begun; they end together. */
async function heldLoads(cache, keys, valueOf = (key) => key, ttlOf = () => undefined) {
  const end = deferred();
  const begun = keys.map(() => deferred());
  const loads = keys.map((key, at) =>
    cache.getOrSet(
      key,
      async () => {
        begun[at].resolve();
        await end.promise;
        return valueOf(key);
      },
      { ttlMs: ttlOf(key) },
    ),
  );
  await Promise.all(begun.map(({ promise }) => promise));
  return async () => {
    end.resolve();
    return Promise.all(loads);
  };
}

/** The keys that are there, and those that the index lists. */
async function left(client) {
  const named = (names) =>
    names
      .map((name) => name.replace(/^cache:/, ''))
      .filter((name) => name.startsWith('k'))
      .sort();
  return { there: named(await client.keys('cache:k*')), listed: named(await client.zrange('cache:__index', 0, -1)) };
}

const both = (keys) => ({ there: [...keys].sort(), listed: [...keys].sort() });

const SCRIPTED = {
  'a server': { where: (server) => server.url, command: 'evalsha' },
  'a client that is driven': {
    where: (server, t) => {
      const client = server.client();
      t.after(() => client.disconnect());
      return standIn(client);
    },
    command: 'eval',
  },
};

for (const [what, { where, command }] of Object.entries(SCRIPTED)) {
  test(`${what}: deletes of one job share calls, and each leaves its mark`, async (t) => {
    const { server, client } = await redisWithClient(t);
    const cache = cacheOn(t, where(server, t));
    const { of } = record(cache);
    await cache.setMany(ENTRIES);
    const before = await callsOf(client, command);
    await deleteAll(cache, KEYS);
    const calls = (await callsOf(client, command)) - before;
    assert.ok(calls <= 20, `${calls} calls for ${KEYS.length} deletes`);
    assert.deepEqual(await left(client), both([]));
    assert.equal(await client.zcount('cache:__index:expiry', '(-inf', '+inf'), 0);
    const marks = await client.hgetall('cache:__marks');
    assert.ok(KEYS.every((key) => marks[`cache:${key}`] > 0));
    assert.ok((await client.pttl('cache:__marks')) > 3_600_000);
    assert.deepEqual(of('l2:error'), []);
  });

  test(`${what}: deletes without an index share calls`, async (t) => {
    const { server, client } = await redisWithClient(t);
    const cache = cacheOn(t, where(server, t), { useIndex: false });
    await cache.setMany(ENTRIES);
    const before = await callsOf(client, command);
    await deleteAll(cache, KEYS);
    const calls = (await callsOf(client, command)) - before;
    assert.ok(calls <= 20, `${calls} calls for ${KEYS.length} deletes`);
    assert.deepEqual((await left(client)).there, []);
    assert.equal(await client.hlen('cache:__marks'), KEYS.length + 2);
  });

  test(`${what}: loaded values of one job share calls, and each has its lifetime`, async (t) => {
    const { server, client } = await redisWithClient(t);
    const cache = cacheOn(t, where(server, t));
    // Its handler is called between the loads that end.
    const { of } = record(cache);
    const lives = [1_000, 30_000, Infinity];
    const ttlOf = (key) => lives[Number(key.slice(1)) % lives.length];
    const end = await heldLoads(cache, KEYS, (key) => key, ttlOf);
    const before = await callsOf(client, command);
    await end();
    const calls = (await callsOf(client, command)) - before;
    // With those that tidy the index now and then.
    assert.ok(calls <= 40, `${calls} calls for ${KEYS.length} loaded values`);
    const [short, long, forever] = await Promise.all(
      ['k297', 'k298', 'k299'].map((key) => client.pttl(`cache:${key}`)),
    );
    assert.ok(short <= 1_000 && long > 20_000 && long <= 30_000, `${short} ${long}`);
    assert.equal(forever, -1);
    assert.equal(await client.zscore('cache:__index:expiry', 'cache:k299'), 'inf');
    const reader = cacheOn(t, server.url);
    assert.deepEqual(await reader.get('k298'), 'k298');
    assert.deepEqual((await left(client)).listed, [...KEYS].sort());
    assert.deepEqual(of('l2:error'), []);
  });

  test(`${what}: an overtaken load among several is not stored, and the others are`, async (t) => {
    const { server, client } = await redisWithClient(t);
    const cache = cacheOn(t, where(server, t));
    const other = cacheOn(t, server.url);
    const { of, clear } = record(cache);
    // Once without marks from before the loads, once with some.
    for (let round = 0; round < 2; round += 1) {
      clear();
      const end = await heldLoads(cache, FEW);
      await other.delete('k3');
      await other.deleteByPattern('*7');
      const before = await callsOf(client, 'set');
      await end();
      assert.equal((await callsOf(client, 'set')) - before, FEW.length - 2);
      assert.deepEqual(await left(client), both(FEW.filter((key) => key !== 'k3' && key !== 'k7')));
      const overtaken = of('load:overtaken').map(({ key }) => key);
      assert.deepEqual(overtaken.sort(), ['k3', 'k7']);
      await deleteAll(other, FEW);
    }
  });
}

test('loads that are all overtaken store nothing', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = cacheOn(t, server.url);
  const end = await heldLoads(cache, FEW);
  await cacheOn(t, server.url).clear();
  await end();
  assert.deepEqual(await left(client), both([]));
  assert.equal(cache.stats().loads.overtaken, FEW.length);
});

test('operations on a key keep their order, also those that are sent together', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = cacheOn(t, server.url);
  await Promise.all([
    cache.set('k0', 1),
    cache.delete('k0'),
    cache.set('k0', 2),
    cache.set('k1', 1),
    cache.delete('k1'),
    cache.delete('k2'),
    cache.delete('k1'),
    cache.set('k2', 1),
  ]);
  assert.deepEqual(
    [...(await cache.getMany(['k0', 'k1', 'k2'])).entries()],
    [
      ['k0', 2],
      ['k2', 1],
    ],
  );
  assert.deepEqual(await left(client), both(['k0', 'k2']));
});

test('the same key twice among loaded values is stored as one after the other', async (t) => {
  const { server, client } = await redisWithClient(t);
  const store = new RedisStore(server.url);
  t.after(() => store.close());
  const caches = ['one', 'other'].map(() => cacheOn(t, store));
  const ends = [];
  for (const [at, cache] of caches.entries()) ends.push(await heldLoads(cache, FEW, (key) => `${key} of ${at}`));
  await Promise.all(ends.map((end) => end()));
  assert.deepEqual(await left(client), both(FEW));
  assert.deepEqual(
    [...(await caches[0].getMany(FEW)).values()],
    FEW.map((key) => `${key} of 1`),
  );
});

test('a full server refuses each loaded value by itself, and takes deletes', async (t) => {
  const { server, client } = await redisWithClient(t, ['--maxmemory-policy', 'noeviction']);
  const cache = cacheOn(t, server.url);
  await cache.setMany(ENTRIES.slice(0, FEW.length));
  const { of } = record(cache);
  await client.config('SET', 'maxmemory', '1');
  await deleteAll(cache, FEW);
  assert.deepEqual(await left(client), both([]));
  assert.deepEqual(of('l2:error'), []);
  await Promise.all(FEW.map((key) => cache.getOrSet(key, async () => key)));
  const failed = of('l2:error').map(({ key, operation }) => `${operation} ${key}`);
  assert.deepEqual(failed.sort(), FEW.map((key) => `set ${key}`).sort());
  for (const { error } of of('l2:error')) assert.match(String(error), /OOM/);
  await client.config('SET', 'maxmemory', '0');
  await Promise.all(FEW.map((key) => cache.getOrSet(key, async () => key)));
  assert.deepEqual(await left(client), both(FEW));
});

test('a key that may not be written takes no other with it', async (t) => {
  const { server, client } = await redisWithClient(t);
  await client.acl('SETUSER', 'some', 'on', '>secret', '~cache:k?', '~cache:__*', '%R~cache:*', '&*', '+@all');
  const cache = cacheOn(t, { url: `redis://some:secret@127.0.0.1:${server.port}` });
  const { of, clear } = record(cache);
  const failed = (operation) =>
    of('l2:error')
      .filter((event) => event.operation === operation)
      .map(({ key }) => key)
      .sort();
  await Promise.all(FEW.map((key) => cache.getOrSet(key, async () => key)));
  assert.deepEqual(failed('set'), ['k10', 'k11']);
  assert.deepEqual(await left(client), both(KEYS.slice(0, 10)));
  clear();
  await client.mset(...['k10', 'k11'].flatMap((key) => [`cache:${key}`, 'old']));
  await deleteAll(cache, FEW);
  assert.deepEqual(failed('delete'), ['k10', 'k11']);
  assert.deepEqual(await left(client), { there: ['k10', 'k11'], listed: [] });
});

test('a server that has lost its scripts is sent them again', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = cacheOn(t, server.url);
  const { of } = record(cache);
  const refused = async () => Number(/errorstat_NOSCRIPT:count=(\d+)/.exec(await client.info('errorstats'))?.[1] ?? 0);
  const work = async () => {
    await Promise.all(FEW.map((key) => cache.getOrSet(key, async () => key)));
    assert.deepEqual(await left(client), both(FEW));
    await deleteAll(cache, FEW);
    assert.deepEqual(await left(client), both([]));
  };
  await work();
  await client.script('FLUSH');
  await work();
  const before = await refused();
  await work();
  assert.equal(await refused(), before, 'they are known again');
  assert.deepEqual(of('l2:error'), []);
});

test('where scripts are denied each goes its own way', async (t) => {
  const { server, client } = await redisWithClient(t);
  await client.acl('SETUSER', 'plain', 'on', '>secret', '~*', '&*', '+@all', '-@scripting');
  const cache = cacheOn(t, { url: `redis://plain:secret@127.0.0.1:${server.port}` });
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(FEW.map((key) => cache.getOrSet(key, async () => key)));
    assert.deepEqual((await left(client)).there, [...FEW].sort());
    await deleteAll(cache, FEW);
    assert.deepEqual((await left(client)).there, []);
  }
});

test('a batch of more names than a command of a script takes is removed', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = cacheOn(t, server.url, { batchSize: 100_000, scanCount: 100_000 });
  const many = Array.from({ length: 10_000 }, (_, id) => [`k${id}`, id]);
  await cache.setMany(many);
  await cache.deleteByPattern('k*');
  await until(async () => (await client.zcard('cache:__index')) === 0, 'the index lists nothing');
  assert.deepEqual(await left(client), both([]));
});
