// Writes of one call to Redis: they share transactions, and fail one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { msetexProxy } from '../redis/msetex-proxy.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { callsOf, redisWithClient } from '../support/servers/redis.mjs';

const KEYS = Array.from({ length: 300 }, (_, id) => `k${id}`);
const ENTRIES = KEYS.map((key, id) => [key, { id }]);

function cacheOn(t, redis, store = {}) {
  const l2 = new RedisStore(redis, store);
  const cache = new LazyLayersCache({ l2, ttlMs: 60_000, l1: false, logging: { enabled: false } });
  t.after(() => cache.close());
  return cache;
}

/** All entries are there and listed, with their lifetimes. */
async function assertWritten(client, cache) {
  const found = await cache.getMany(KEYS);
  for (const [key, value] of ENTRIES) assert.deepEqual(found.get(key), value);
  const listed = await client.zrange('cache:__index', 0, -1);
  assert.deepEqual(
    listed.filter((name) => name.startsWith('cache:k')).sort(),
    KEYS.map((key) => `cache:${key}`).sort(),
  );
  for (const key of ['k0', 'k128', 'k299']) {
    const left = await client.pttl(`cache:${key}`);
    assert.ok(left > 50_000 && left <= 60_000, `${key} lives for ${left} ms`);
  }
  assert.equal(await cache.size(), KEYS.length);
}

test('the writes of a call share transactions', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = cacheOn(t, server.url);
  const { of } = record(cache);
  await cache.setMany(ENTRIES);
  await assertWritten(client, cache);
  await cache.setMany(ENTRIES);
  await assertWritten(client, cache);
  assert.deepEqual(of('l2:error'), []);
  const transactions = await callsOf(client, 'exec');
  assert.ok(transactions <= 30, `${transactions} transactions for ${2 * KEYS.length} entries`);
});

test('a server with MSETEX is sent all entries of one lifetime by it', async (t) => {
  const { server, client } = await redisWithClient(t);
  const proxy = await msetexProxy(t, server.port);
  const cache = cacheOn(t, proxy.url);
  // The version is known once the server has told it.
  await until(async () => {
    await Promise.all([cache.set('k0', 0), cache.set('k1', 1)]);
    return proxy.seen.length > 0;
  }, 'the server is known');
  proxy.seen.length = 0;
  await cache.setMany(ENTRIES);
  await assertWritten(client, cache);
  assert.deepEqual(
    proxy.seen.map(({ count }) => count),
    [40, 40, 40, 40, 40, 40, 40, 20],
    'as many as a pipeline has',
  );
  for (const { rest } of proxy.seen) assert.deepEqual(rest, ['PX', '60000']);
  proxy.seen.length = 0;
  await Promise.all([
    cache.set('k0', 1, { ttlMs: 1_000 }),
    cache.set('k1', 1),
    cache.set('k0', 2),
    cache.delete('k2'),
    cache.set('k2', 3),
    cache.set('k3', 3),
  ]);
  assert.deepEqual([...(await cache.getMany(['k0', 'k1', 'k2', 'k3'])).values()], [2, 1, 3, 3], 'in order');
  assert.deepEqual(proxy.seen, [{ count: 2, rest: ['PX', '60000'] }]);
  assert.ok((await client.pttl('cache:k0')) > 50_000);
});

test('a service that refuses MSETEX, whatever its version, is not sent it', async (t) => {
  const { server, client } = await redisWithClient(t);
  const proxy = await msetexProxy(t, server.port, { isThere: false });
  const cache = cacheOn(t, proxy.url);
  const { of } = record(cache);
  await cache.get('none');
  for (let round = 0; round < 3; round++) {
    await cache.setMany(ENTRIES);
    await assertWritten(client, cache);
  }
  assert.deepEqual([proxy.seen, of('l2:error')], [[], []]);
});

test('entries of different lifetimes share a transaction, and each has its own', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = cacheOn(t, server.url);
  await Promise.all([1_000, 30_000, Infinity].map((ttlMs) => cache.set(`for ${ttlMs}`, 1, { ttlMs })));
  const [short, long, forever] = await Promise.all(
    [1_000, 30_000, Infinity].map((ttlMs) => client.pttl(`cache:for ${ttlMs}`)),
  );
  assert.ok(short <= 1_000 && long > 20_000 && long <= 30_000);
  assert.equal(forever, -1);
  assert.equal(await client.zscore('cache:__index:expiry', 'cache:for Infinity'), 'inf');
});

test('a server that is full refuses each write by itself', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = cacheOn(t, server.url);
  await cache.setMany(ENTRIES);
  await client.config('SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
  const { of } = record(cache);
  await cache.setMany(ENTRIES);
  const failed = of('l2:error').filter(({ operation }) => operation === 'set');
  assert.deepEqual(failed.map(({ key }) => key).sort(), [...KEYS].sort());
  for (const { error } of failed) assert.match(String(error), /OOM/);
  await client.config('SET', 'maxmemory', '0');
  await cache.setMany(ENTRIES);
  await assertWritten(client, cache);
});

test('an entry that may not be written takes no other with it', async (t) => {
  const { server, client } = await redisWithClient(t);
  await client.acl('SETUSER', 'some', 'on', '>secret', '~cache:k?', '~cache:__*', '&*', '+@all');
  const cache = cacheOn(t, { url: `redis://some:secret@127.0.0.1:${server.port}` });
  const { of } = record(cache);
  await cache.setMany(ENTRIES.slice(0, 12));
  const failed = of('l2:error').filter(({ operation }) => operation === 'set');
  assert.deepEqual(failed.map(({ key }) => key).sort(), ['k10', 'k11']);
  const reader = cacheOn(t, server.url);
  assert.deepEqual([...(await reader.getMany(KEYS)).keys()], KEYS.slice(0, 10));
});
