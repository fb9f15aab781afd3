// Verbs of several keys over Redis: the commands that go to the server together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { heldLoader, pass, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';

const KEYS = Array.from({ length: 300 }, (_, id) => `k${id}`);
const loadAll = (keys) => keys.map((key) => ({ key }));

function cacheOn(t, redis, options = {}, store = {}) {
  const cache = new LazyLayersCache({ l2: new RedisStore(redis, store), ttlMs: 60_000, ...options });
  t.after(() => cache.close());
  return cache;
}

/** How often the server has run a command. */
async function calls(client, command) {
  const stats = await client.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

for (const [which, options] of Object.entries({ 'with L1': {}, 'without L1': { l1: false } })) {
  test(`a read of many keys is a few MGET, ${which}, and finds the same as single reads`, async (t) => {
    const { server, client } = await redisWithClient(t);
    const [cache, other] = [cacheOn(t, server.url, options), cacheOn(t, server.url)];
    await other.setMany(KEYS.map((key) => [key, { key }]));
    await client.del('cache:k7');
    const { of } = record(cache);
    const found = await cache.getMany([...KEYS, 'none']);
    assert.equal(found.size, KEYS.length - 1);
    for (const [key, value] of found) assert.deepEqual(value, { key });
    assert.equal(of('hit').length, KEYS.length - 1);
    assert.deepEqual(
      of('miss')
        .filter(({ level }) => level === 'L2')
        .map(({ key }) => key),
      ['k7', 'none'],
    );
    assert.equal(await calls(client, 'mget'), 3);
    assert.equal(await calls(client, 'get'), 0);
    if (options.l1 === false) return;
    assert.equal(cache.peek('k0')?.key, 'k0');
    const { ttlMs } = await cache.getEntry('k0');
    assert.ok(ttlMs > 50_000 && ttlMs <= 60_000, 'it lives no longer here than there');
  });
}

test('a value that cannot be read fails alone, and values of all forms are read', async (t) => {
  const { server, client } = await redisWithClient(t);
  const values = { text: 'x', none: null, list: [1, [2]], large: 'y'.repeat(100_000), zero: 0 };
  await cacheOn(t, server.url).setMany(values);
  await client.set('cache:broken', Buffer.from([...Buffer.from('HC1M'), 0x81]));
  const cache = cacheOn(t, server.url);
  const { of } = record(cache);
  const found = await cache.getMany([...Object.keys(values), 'broken']);
  assert.ok(isDeepStrictEqual(Object.fromEntries(found), values));
  assert.deepEqual(
    of('l2:error').map(({ key, operation }) => [key, operation]),
    [['broken', 'get']],
  );
});

test('objects that are read together are those that were written, also beside one that cannot be read', async (t) => {
  const { server, client } = await redisWithClient(t);
  const [writer, cache] = [cacheOn(t, server.url), cacheOn(t, server.url, { l1: false })];
  const of = (id) => ({ id, small: 100, at: new Date(id), of: [{ n: id }, { n: -1 }, { text: 'é'.repeat(id) }] });
  const keys = [7, '8', 9n, '\ud800', '\udc00', 'ä', ...KEYS.slice(0, 40)];
  await writer.setMany(keys.map((key, id) => [key, id % 7 === 3 ? { other: { id } } : of(id)]));
  for (let round = 0; round < 4; round++) {
    const found = await cache.getMany(keys);
    assert.deepEqual([...found.keys()], keys);
    keys.forEach((key, id) => assert.deepEqual(found.get(key), id % 7 === 3 ? { other: { id } } : of(id)));
    // A map whose reader throws, as a record, is found by this side alone.
    if (round === 2) await client.set('cache:k5', Buffer.from([...Buffer.from('HC1M'), 0xd4, 0x72, 0x40]));
    if (round === 2) assert.equal((await cache.getMany(keys)).size, keys.length - 1);
    if (round === 2) await writer.set('k5', of(11));
  }
});

test('a user without the right to MGET reads one by one', async (t) => {
  const { server, client } = await redisWithClient(t);
  await client.acl('SETUSER', 'some', 'on', '>secret', '~*', '&*', '+@all', '-mget');
  await cacheOn(t, server.url).setMany(KEYS.map((key) => [key, key]));
  const cache = cacheOn(t, { url: `redis://some:secret@127.0.0.1:${server.port}` }, { l1: false });
  const { of } = record(cache);
  for (let round = 0; round < 2; round++) assert.equal((await cache.getMany(KEYS)).size, KEYS.length);
  assert.deepEqual(of('l2:error'), []);
  assert.equal(await calls(client, 'get'), 2 * KEYS.length);
});

test('a delete while many keys are read keeps the older value out of L1', async (t) => {
  const { server } = await redisWithClient(t);
  const proxy = await proxyTo(t, server.port);
  const cache = cacheOn(t, proxy.url);
  await cacheOn(t, server.url).setMany({ a: 1, b: 2 });
  await cache.get('none');
  let deleted;
  proxy.onRequest = (chunk) => {
    if (!String(chunk).includes('MGET')) return undefined;
    proxy.onRequest = () => {};
    deleted = cache.delete('a');
    return undefined;
  };
  assert.equal((await cache.getMany(['a', 'b'])).get('b'), 2);
  await deleted;
  assert.equal(cache.peek('a'), undefined);
  assert.equal(cache.peek('b'), 2);
});

test('many keys that Redis does not answer fail each by itself, and open the circuit', async (t) => {
  const { server } = await redisWithClient(t);
  const cache = cacheOn(t, server.url, { l1: false });
  await cache.get('none');
  await server.kill();
  const { of } = record(cache);
  assert.equal((await cache.getMany(KEYS)).size, 0);
  assert.equal(of('l2:error').length + of('l2:skipped').length, KEYS.length);
  await until(() => cache.stats().L2.errors > 0, 'they are counted');
});

test('of two instances that load the same keys under locks one loads all', async (t) => {
  const { server, client } = await redisWithClient(t);
  const lock = { distributedLock: { enabled: true, waitTimeoutMs: 60_000, pollMs: 5 } };
  const caches = [0, 1].map(() => cacheOn(t, server.url, lock));
  for (let round = 0; round < 10; round++) {
    const keys = KEYS.slice(0, 120).map((key) => `${round}:${key}`);
    const batches = [];
    const load = async (asked) => {
      batches.push(asked.length);
      return loadAll(asked);
    };
    const found = await Promise.all(caches.map((cache) => cache.getMany(keys, load)));
    for (const values of found) assert.equal(values.size, keys.length);
    assert.equal(
      batches.reduce((sum, count) => sum + count, 0),
      keys.length,
      'each key is loaded once',
    );
  }
  const scripts = await calls(client, 'evalsha');
  assert.ok(scripts > 0);
  assert.ok(!(await client.keys('cache:__lock:*')).length, 'all locks are released');
});

test('the values that one call has loaded are told in few messages', async (t) => {
  const { server } = await redisWithClient(t);
  const proxy = await proxyTo(t, server.port);
  const bus = new RedisEventBus(proxy.url, 'many');
  let messages = 0;
  t.after(() => bus.disconnect());
  const cache = cacheOn(t, server.url, { eventBus: bus, broadcastSet: true });
  const seen = record(cache);
  await until(async () => (await bus.healthCheck()).subscribed, 'the bus listens');
  proxy.onRequest = (chunk) => {
    messages += String(chunk).match(/PUBLISH\r\n\$4\r\nmany\r\n/g)?.length ?? 0;
  };
  await cache.getMany(KEYS.slice(0, 100), loadAll);
  await until(() => seen.of('set:broadcast').length === 100, 'all are told');
  assert.ok(messages > 0 && messages <= 20, `by ${messages} messages`);
});

test('a layer that is disabled is passed over by reads of many keys', async (t) => {
  const { server } = await redisWithClient(t);
  const cache = cacheOn(t, server.url);
  await cache.setMany({ a: 1, b: 2 });
  cache.disable();
  assert.deepEqual([...(await cache.getMany(['a', 'b']))], []);
  cache.enable('L2');
  assert.deepEqual([...(await cache.getMany(['a', 'b']))].length, 2);
  assert.equal(cache.stats().hits.L1, 0);
  cache.enable();
  cache.disable('L2');
  assert.equal((await cache.getMany(['a', 'b', 'c'])).size, 2);
  assert.equal(cache.stats().hits.L2, 2);
});

test('values that are read together are frozen where values are', async (t) => {
  const { server } = await redisWithClient(t);
  await cacheOn(t, server.url).setMany(['a', 'b'].map((key) => [key, { tags: [key] }]));
  const cache = cacheOn(t, server.url, { levels: { L1: { values: 'frozen' } } });
  for (const { tags } of (await cache.getMany(['a', 'b'])).values()) assert.throws(() => tags.push('x'), TypeError);
  assert.throws(() => cache.peek('a').tags.push('x'), TypeError);
});

test('a read of many keys past the point of a refresh leaves the refresh to the next getOrSet', async (t) => {
  const { server } = await redisWithClient(t);
  const cache = cacheOn(t, server.url, { refreshAhead: 0.1, ttlMs: 10_000 });
  for (const key of ['a', 'b']) await cache.getOrSet(key, () => 1);
  await pass(1500);
  assert.deepEqual([...(await cache.getMany(['a', 'b'])).values()], [1, 1]);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('a', loader), 1);
  await until(() => loader.calls === 1, 'it is loaded anew');
  loader.resolve(2);
  await cache.drain();
});
