// An index that is evicted or deleted: patterns go on finding the entries that are there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { record } from '../support/events.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { PublishedLayout } from './published-layout.mjs';
import { nextPrefix, sharedServer } from './shared-server.mjs';

const { server, redis } = await sharedServer();

const keys = Array.from({ length: 50 }, (_, at) => `k${at}`);

/** A cache over a store of its own, with entries in it. */
async function filled(t, options = {}) {
  const prefix = options.prefix ?? nextPrefix();
  const l2 = new RedisStore(server.url, { prefix, scanCount: 20, ...options });
  const cache = new LazyLayersCache({ l1: false, l2, logging: { enabled: false } });
  t.after(() => cache.close());
  const seen = record(cache);
  await cache.clear();
  await Promise.all(keys.map((key) => cache.set(key, key)));
  return { cache, l2, prefix, seen, index: `${prefix}__index`, expiry: `${prefix}__index:expiry` };
}

const left = async (prefix) => (await redis.keys(`${prefix}k*`)).length;

for (const [what, lose] of [
  ['the index', ({ index }) => redis.del(index)],
  ['the set beside it', ({ expiry }) => redis.del(expiry)],
  ['both sets', ({ index, expiry }) => redis.del(index, expiry)],
]) {
  test(`${what} lost: clear deletes the entries that are there`, async (t) => {
    const { cache, prefix, ...sets } = await filled(t);
    await lose(sets);
    await cache.clear();
    assert.equal(await left(prefix), 0);
  });

  test(`${what} lost, and written to since: a pattern deletes the keys that match, the rest is listed again`, async (t) => {
    const { cache, l2, prefix, ...sets } = await filled(t);
    await lose(sets);
    await cache.set('k0', 'new');
    await cache.deleteByPattern('k1*');
    assert.equal(await left(prefix), 39);
    assert.equal(await cache.get('k12'), undefined);
    assert.equal(await cache.get('k0'), 'new');
    await cache.set('last', 1);
    await cache.clear();
    assert.deepEqual([await left(prefix), await l2.size()], [0, 0]);
  });
}

test('that it was lost is told once', async (t) => {
  const { cache, seen, index, expiry } = await filled(t);
  await redis.del(index, expiry);
  await cache.deleteByPattern('none*');
  await cache.deleteByPattern('none*');
  const told = seen.of('l2:error').map(({ error }) => error.message);
  assert.equal(told.length, 1);
  assert.match(told[0], /the index of Redis at .* was lost: 50 entries/);
  await cache.deleteByPattern('none*');
  assert.equal(seen.of('l2:error').length, 1);
});

test('foreign values under names of such a form stay', async (t) => {
  const { cache, prefix, index, expiry } = await filled(t);
  await redis.mset(`${prefix}text`, 'of another program', `${prefix}number`, '1');
  await redis.zadd(`${prefix}set`, 1, 'member');
  await redis.set(`${prefix}__lock:a`, 'token');
  await redis.del(index, expiry);
  await cache.clear();
  const names = await redis.keys(`${prefix}*`);
  const others = ['__lock:a', 'number', 'set', 'text'].map((name) => prefix + name);
  assert.deepEqual(names.filter((name) => name !== expiry && name !== `${prefix}__marks`).sort(), others);
});

test('entries of 0.4.0 that a lost index listed are found', async (t) => {
  const { cache, prefix, index } = await filled(t);
  const theirs = new PublishedLayout(redis, prefix);
  await theirs.set('kx', 'theirs', 60_000);
  await redis.del(index);
  await cache.clear();
  assert.equal(await theirs.get('kx'), undefined);
});

test('0.4.0 does not see the key that shows that the index is whole', async (t) => {
  const { cache, prefix } = await filled(t);
  await cache.deleteByPattern('none*');
  const theirs = new PublishedLayout(redis, prefix);
  assert.deepEqual((await theirs.keys()).sort(), [...keys].sort());
});

test('size and maxEntries do not count it', async (t) => {
  const { cache, l2 } = await filled(t, { levels: { L2: { maxEntries: 50 } } });
  assert.equal(await l2.size(), 50);
  await cache.set('more', 1);
  assert.equal(await l2.size(), 50);
});

test('where scripts are denied', async (t) => {
  await redis.acl('SETUSER', 'noscripts', 'on', '>p', '~*', '&*', '+@all', '-@scripting');
  const { cache, prefix, index, expiry } = await filled(t);
  const url = server.url.replace('redis://', 'redis://noscripts:p@');
  const l2 = new RedisStore(url, { prefix });
  const denied = new LazyLayersCache({ l1: false, l2, logging: { enabled: false } });
  t.after(() => denied.close());
  assert.equal(await cache.get('k0'), 'k0');
  await redis.del(index, expiry);
  await denied.set('k0', 'new');
  await denied.clear();
  assert.equal(await left(prefix), 0);
  await denied.set('k0', 'new');
  assert.equal(await l2.size(), 1);
});

test('a user who may not scan is told, and deletes the entries that the index lists', async (t) => {
  await redis.acl('SETUSER', 'noscan', 'on', '>p', '~*', '&*', '+@all', '-scan');
  const { prefix, index, expiry } = await filled(t);
  const l2 = new RedisStore(server.url.replace('redis://', 'redis://noscan:p@'), { prefix });
  const denied = new LazyLayersCache({ l1: false, l2, logging: { enabled: false } });
  t.after(() => denied.close());
  const seen = record(denied);
  await redis.del(index, expiry);
  await denied.set('k0', 'new');
  await denied.clear();
  assert.equal(await denied.get('k0'), undefined);
  await denied.clear();
  const told = seen.of('l2:error').map(({ error }) => error.message);
  assert.equal(told.length, 1);
  assert.match(told[0], /may be lost/);
});

test('in a cluster entries are found on all nodes', async (t) => {
  const { nodes, clients } = await redisCluster(t);
  const l2 = new RedisStore({ nodes }, { prefix: 'c:' });
  const cache = new LazyLayersCache({ l1: false, l2, logging: { enabled: false } });
  t.after(() => cache.close());
  await Promise.all(keys.map((key) => cache.set(key, key)));
  for (const client of clients) {
    assert.notDeepEqual(await client.keys('c:k*'), []);
    for (const name of await client.keys('c:__index*')) await client.del(name);
  }
  await cache.clear();
  for (const client of clients) assert.deepEqual(await client.keys('c:k*'), []);
});
