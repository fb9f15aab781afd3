// Writes that a server has missed, as it was away or was replaced by another: they are repaired as soon as that can be,
// and the invalidations are published again.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
/** The time in which a server is found again and repaired. Loose, for machines are busy. */
const REPAIRED_MS = 8000;

const servers = sharedServers();
after(() => servers.end());

/** A cache with a bus of that transport and a store at `redis`. */
async function instance(t, { transport, url, redis, channel, source, options = {} }) {
  const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, instance: source });
  const l2 = redis && new RedisStore(redis, { prefix: 'd:' });
  const cache = new LazyLayersCache({ l2, eventBus: bus, source, ...QUIET, ...options });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  await bus.connect();
  await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  return { cache, bus, seen: record(cache) };
}

/** Two on one bus and one Redis, the first of which has its store behind a proxy. */
async function pair(t, transport) {
  const server = await servers.of(transport);
  const redis = await redisServer(t);
  const proxy = await proxyTo(t, redis.port);
  const client = redis.client();
  t.after(() => client.disconnect());
  const on = { transport, url: server.url, channel: freshName('missed') };
  const a = await instance(t, { ...on, redis: proxy.url, source: 'a' });
  const b = await instance(t, { ...on, redis: redis.url, source: 'b' });
  return { a, b, proxy, client, redis };
}

const isGone = (cache, key) => until(async () => !(await cache.has(key)), `"${key}" is gone`, REPAIRED_MS);

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, { concurrency: true }, () => {
    test('a delete that Redis has missed is repaired by an idle instance, and published again', async (t) => {
      const { a, b, proxy, client } = await pair(t, transport);
      for (const key of ['k', 'p:1']) await b.cache.set(key, 'old');
      proxy.refuses = true;
      proxy.cut();
      await a.cache.delete('k');
      await a.cache.deleteByPattern('p:*');
      await until(() => b.seen.of('invalidation:received').length === 2, 'the other hears of it');
      // Redis has it still: the other takes it over.
      assert.deepEqual([await b.cache.get('k'), await b.cache.get('p:1')], ['old', 'old']);
      proxy.refuses = false;
      await until(async () => (await client.exists('d:k', 'd:p:1')) === 0, 'it is repaired', REPAIRED_MS);
      for (const key of ['k', 'p:1']) await isGone(b.cache, key);
    });
  });
}

test('the last invalidations are repeated to a server that has taken over and does not know of them', async (t) => {
  const { a, b, proxy, client } = await pair(t, 'nats');
  const promoted = await redisServer(t);
  const copy = promoted.client();
  t.after(() => copy.disconnect());
  await a.cache.set('other', 'stays');
  for (const key of ['k', 'p:1', 'other']) {
    await b.cache.set(key, 'old');
    // The entries that the other server has when it takes over.
    await copy.set(`d:${key}`, await client.getBuffer(`d:${key}`));
  }
  await copy.zadd('d:__index', 1, 'd:p:1');
  await a.cache.delete('k');
  await a.cache.deleteByPattern('p:*');
  proxy.target = promoted.port;
  proxy.cut();
  await until(async () => (await copy.exists('d:k', 'd:p:1')) === 0, 'they are repeated', REPAIRED_MS);
  assert.equal(await copy.exists('d:other'), 1);
  const told = () => b.seen.of('invalidation:received').flatMap(({ event }) => event.keys ?? [event.pattern]);
  await until(() => told().length === 4, 'they are told again', REPAIRED_MS);
  assert.deepEqual(told(), ['k', 'p:*', 'p:*', 'k']);
});

test('the instance that deleted reads nothing old from a server that has taken over', async (t) => {
  const servers = [await redisServer(t), await redisServer(t)];
  const clients = servers.map((server) => server.client());
  t.after(() => clients.forEach((client) => client.disconnect()));
  const proxy = await proxyTo(t, servers[0].port);
  const cache = new LazyLayersCache({ l2: new RedisStore(proxy.url, { prefix: 'd:' }), ...QUIET });
  t.after(() => cache.close());
  for (let round = 0; round < 10; round += 1) {
    const key = `k${round}`;
    const [master, replica] = round % 2 === 0 ? clients : [...clients].reverse();
    await cache.set(key, 'old');
    // The entry that the other server has when it takes over.
    await replica.set(`d:${key}`, await master.getBuffer(`d:${key}`));
    await cache.delete(key);
    proxy.target = replica.options.port;
    proxy.cut();
    const found = [];
    const readsAndRepaired = async () => {
      found.push(await cache.get(key));
      return (await replica.exists(`d:${key}`)) === 0;
    };
    await until(readsAndRepaired, 'the delete is repeated', REPAIRED_MS);
    assert.deepEqual(new Set(found), new Set([undefined]));
  }
});

test('a connection that was lost to the same server repeats nothing', async (t) => {
  const { a, b, proxy, client } = await pair(t, 'nats');
  const told = () => b.seen.of('invalidation:received').flatMap(({ event }) => event.keys ?? [event.pattern]);
  await a.cache.delete('k');
  proxy.cut();
  await until(async () => {
    await a.cache.set('x', 1);
    return proxy.connections >= 2 && (await client.exists('d:x')) === 1;
  }, 'connected again');
  // Repeats are made as soon as it is connected, so they would come before this one.
  await a.cache.delete('y');
  await until(() => told().includes('y'), 'the next is told');
  assert.deepEqual(told(), ['k', 'y']);
});
