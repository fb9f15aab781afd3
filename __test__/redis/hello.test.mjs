// Servers, users and proxies that do not take HELLO are spoken to in RESP2.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Redis from 'ioredis';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';
import { redisCluster, redisSentinels } from '../support/servers/redis-groups.mjs';
import { helloProxy, UNKNOWN_TO_TWEMPROXY } from './hello-proxy.mjs';

/** Answers of real servers and proxies. */
const ANSWERS = {
  'Redis 3': "-ERR unknown command 'HELLO'",
  'Redis 4': "-ERR unknown command 'HELLO'",
  'Redis 5': '-ERR unknown command `HELLO`, with args beginning with: `3`, ',
  'Redis 7 with HELLO renamed': "-ERR unknown command 'HELLO', with args beginning with: '3' ",
  Envoy: "-ERR unknown command 'hello', with args beginning with: 3",
  'an older Envoy': "-unsupported command 'hello'",
  'a user without the right': "-NOPERM this user has no permissions to run the 'hello' command",
  'an older server with lists of users':
    "-NOPERM this user has no permissions to run the 'hello' command or its subcommand",
  'a server of RESP2 alone': '-NOPROTO unsupported protocol version',
  'a proxy that knows other arguments': '-ERR syntax error',
  'a managed one': "-ERR unknown or disabled command 'HELLO'",
  'one that counts arguments': "-ERR wrong number of arguments for 'hello' command",
  Codis: "-ERR handle request, command 'HELLO' is not allowed",
  'one that ends the connection': null,
};

async function roundTrip(redis) {
  const store = new RedisStore(redis, { prefix: 'h:' });
  await store.set('k', { a: 1 });
  assert.deepEqual(await store.get('k'), { a: 1 });
  assert.equal(await store.size(), 1);
  assert.equal(await store.has('none'), false);
  await store.delete('k');
  assert.equal(await store.get('k'), undefined);
  await store.set('a', 1);
  await store.clear();
  assert.equal(await store.size(), 0);
  await store.close();
}

/** Two buses on a server hear each other. */
async function busRoundTrip(t, redis) {
  const [here, there] = [0, 1].map(() => new RedisEventBus(redis, 'hello'));
  t.after(() => Promise.all([here.disconnect(), there.disconnect()]));
  const heard = [];
  await there.subscribe((event) => heard.push(event.keys));
  await here.publish({ type: 'delete', keys: ['k'], id: '1', source: 'x', ts: Date.now() });
  await until(() => heard.length > 0, 'the event arrives');
}

for (const [whose, answer] of Object.entries(ANSWERS)) {
  test(`the answer of ${whose}: a store works, with login and database`, async (t) => {
    const { server, client } = await redisWithClient(t, ['--requirepass', 'secret'], { password: 'secret', db: 2 });
    const proxy = await helloProxy(t, server.port, answer);
    await roundTrip(`redis://:secret@127.0.0.1:${proxy.port}/2`);
    assert.equal(await client.exists('h:__marks'), 1, 'in that database');
    assert.ok(proxy.hellos > 0);
  });
}

test('a bus works where HELLO is refused, and where it ends the connection', async (t) => {
  const { server } = await redisWithClient(t);
  for (const answer of ['-ERR syntax error', null]) {
    await busRoundTrip(t, (await helloProxy(t, server.port, answer)).url);
  }
});

test('a proxy that ends connections for unknown commands gets none of these but HELLO', async (t) => {
  const { server, client } = await redisWithClient(t);
  const proxy = await helloProxy(t, server.port, UNKNOWN_TO_TWEMPROXY);
  await roundTrip(proxy.url);
  const cacheOf = (options) => {
    const cache = new LazyLayersCache({ l2: new RedisStore(proxy.url, { prefix: 't:' }), ...options });
    t.after(() => cache.close());
    return cache;
  };
  const [one, other] = [cacheOf({ distributedLock: { enabled: true } }), cacheOf({})];
  const { of } = record(one);
  assert.equal(await one.getOrSet('k', () => 'loaded'), 'loaded');
  assert.equal(await other.getOrSet('k', () => 'again'), 'loaded');
  assert.equal(await client.exists('t:__lock:k'), 0, 'the lock was given back');
  await other.delete('k');
  assert.equal(await client.exists('t:k'), 0);
  assert.deepEqual([...new Set(proxy.ended)], ['HELLO']);
  assert.match(
    of('l2:error')
      .map(({ error }) => error.message)
      .join(),
    /^[^,]* behind a proxy that ends connections/,
  );
  const scanned = new RedisStore(proxy.url, { prefix: 't:', useIndex: false });
  await assert.rejects(scanned.size(), /does not take SCAN/);
});

test('a server that ends one connection, as one that is just starting, is no such proxy', async (t) => {
  const { server, client } = await redisWithClient(t);
  const proxy = await helloProxy(t, server.port, null, 1);
  const l2 = new RedisStore(proxy.url, { prefix: 'h:' });
  const cache = new LazyLayersCache({ l2, logging: { enabled: false } });
  const seen = record(cache);
  await cache.getOrSet('k', () => 1);
  await cache.delete('k');
  const stats = await client.info('commandstats');
  await cache.close();
  assert.ok(proxy.hellos > 1, 'it was asked again');
  assert.match(stats, /cmdstat_evalsha/);
  assert.deepEqual(seen.of('l2:error'), []);
});

test('a real server on which HELLO was renamed is used, by store and bus', async (t) => {
  const server = await redisServer(t, ['--rename-command', 'HELLO', '']);
  await roundTrip(server.url);
  await busRoundTrip(t, server.url);
});

test('a user who may not run HELLO is logged in by AUTH, by store and bus', async (t) => {
  const { server, client } = await redisWithClient(t);
  await client.call('ACL', 'SETUSER', 'cache', 'on', '>secret', '~*', '&*', '+@all', '-hello');
  const url = `redis://cache:secret@127.0.0.1:${server.port}`;
  await roundTrip(url);
  await busRoundTrip(t, url);
  const given = new Redis(url);
  t.after(() => given.disconnect());
  await roundTrip(given);
});

test('a password that no server wants is overlooked where HELLO is refused, as clients do', async (t) => {
  const server = await redisServer(t, ['--rename-command', 'HELLO', '']);
  const url = `redis://:unwanted@127.0.0.1:${server.port}`;
  await roundTrip(url);
  await busRoundTrip(t, url);
});

test('a wrong password is told as such where HELLO is refused', async (t) => {
  const server = await redisServer(t, ['--rename-command', 'HELLO', '', '--requirepass', 'secret']);
  await assert.rejects(roundTrip(`redis://:wrong@127.0.0.1:${server.port}`), /refused the user name or password/);
  await assert.rejects(roundTrip(server.url), /Authentication required/);
});

test('sentinels and a master that refuse HELLO are used', async (t) => {
  const { addresses } = await redisSentinels(t, ['--rename-command', 'HELLO', '']);
  const proxy = await helloProxy(t, addresses[0].port, "-ERR unknown command 'HELLO'");
  await roundTrip({ sentinels: [{ host: '127.0.0.1', port: proxy.port }], name: 'main' });
  assert.ok(proxy.hellos > 0);
});

test('the nodes of a cluster on which a user may not run HELLO are used', async (t) => {
  const { nodes, clients } = await redisCluster(t);
  for (const client of clients) {
    await client.call('ACL', 'SETUSER', 'cache', 'on', '>secret', '~*', '&*', '+@all', '-hello');
  }
  await roundTrip({ nodes, username: 'cache', password: 'secret' });
});

test('a cache on such a server hits in Redis', async (t) => {
  const server = await redisServer(t, ['--rename-command', 'HELLO', '']);
  const cacheOf = () => new LazyLayersCache({ l2: new RedisStore(server.url) });
  const [one, other] = [cacheOf(), cacheOf()];
  t.after(() => Promise.all([one.close(), other.close()]));
  assert.equal(await one.getOrSet('k', () => 'loaded'), 'loaded');
  assert.equal(await other.getOrSet('k', () => 'again'), 'loaded');
});
