// Connections that the server ends while nothing is sent, as servers, load balancers and frozen machines do.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { pass, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';

/** The other connections of a server, by their ids. */
const others = async (client) => {
  const own = await client.client('ID');
  const ids = (await client.client('LIST')).match(/^id=\d+/gm).map((id) => Number(id.slice(3)));
  return ids.filter((id) => id !== own);
};

/** Ends them; goes on once the server has. */
async function kill(client) {
  const before = await others(client);
  await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(async () => (await others(client)).every((id) => !before.includes(id)), 'the connections have ended');
}

const verbs = {
  'a get hits': async (store, client) => {
    await store.set('k', 1);
    await kill(client);
    assert.equal(await store.get('k'), 1);
  },
  'a set is stored': async (store, client) => {
    await store.set('k', 1);
    await kill(client);
    await store.set('k', 2);
    assert.equal(await store.get('k'), 2);
  },
  'a delete deletes': async (store, client) => {
    await store.set('k', 1);
    await kill(client);
    await store.delete('k');
    assert.equal(await client.exists('cache:k'), 0);
  },
  'a pattern and the size work': async (store, client) => {
    await store.set('k:1', 1);
    await kill(client);
    assert.equal(await store.size(), 1);
    await kill(client);
    await store.deleteByPattern('k:*');
    assert.equal(await store.size(), 0);
  },
};

for (const [what, run] of Object.entries(verbs)) {
  test(`after the server has ended the connection, ${what}`, async (t) => {
    const { server, client } = await redisWithClient(t);
    await run(new RedisStore(server.url), client);
  });
}

test('a connection that the server ends for being idle is made again before it is needed', async (t) => {
  const { server, client } = await redisWithClient(t);
  const store = new RedisStore(server.url);
  await store.set('k', 1);
  await pass(1100);
  const before = await others(client);
  await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(async () => {
    const now = await others(client);
    return now.length > 0 && now.every((id) => !before.includes(id));
  }, 'it is connected again');
});

test('a cache notices nothing of connections that are ended between its calls', async (t) => {
  const { server, client } = await redisWithClient(t);
  const cache = new LazyLayersCache({ l1: false, l2: new RedisStore(server.url) });
  t.after(() => cache.close());
  const { of } = record(cache);
  for (let at = 0; at < 5; at += 1) {
    assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
    await cache.set(`own${at}`, at);
    await kill(client);
    assert.equal(await cache.get(`own${at}`), at);
  }
  assert.deepEqual(of('l2:error'), []);
});

/** Has a process write each time after it was frozen, and its connections were ended. */
async function writesAfterFreezes(t, given, clients) {
  const fixture = fileURLToPath(new URL('frozen-writer.mjs', import.meta.url));
  const writer = fork(fixture, [JSON.stringify(given)]);
  t.after(() => writer.kill('SIGKILL'));
  await once(writer, 'message');
  for (let round = 0; round < 10; round += 1) {
    await pass(100);
    writer.kill('SIGSTOP');
    for (const client of clients) await kill(client);
    const answered = once(writer, 'message');
    writer.send(round);
    writer.kill('SIGCONT');
    assert.deepEqual(await answered, [{ failure: null }, undefined]);
  }
  assert.equal(await new RedisStore(given).get('k'), 9);
}

test('a process whose connection ended while it was frozen writes when it goes on', async (t) => {
  const { server, client } = await redisWithClient(t);
  await writesAfterFreezes(t, { url: server.url }, [client]);
});

test('so does one whose connections to a cluster ended', async (t) => {
  const { nodes, clients } = await redisCluster(t);
  await writesAfterFreezes(t, { nodes }, clients);
});

test('a read that was under way as the connection ended is sent once more', async (t) => {
  const { server } = await redisWithClient(t);
  const proxy = await proxyTo(t, server.port);
  const store = new RedisStore(proxy.url);
  await store.set('k', 1);
  let cuts = 0;
  proxy.onRequest = (chunk) => {
    if (String(chunk).includes('\r\nGET\r\n') && cuts++ === 0) proxy.cut();
  };
  assert.equal(await store.get('k'), 1);
  assert.equal(cuts, 2);
});

test('the counts of tags for a load are asked for once more', async (t) => {
  const { server } = await redisWithClient(t);
  const proxy = await proxyTo(t, server.port);
  const cacheOf = (url) => {
    const l2 = new RedisStore(url);
    const cache = new LazyLayersCache({ l2, logging: { enabled: false } });
    t.after(() => cache.close({ timeoutMs: 0 }).then(() => l2.close()));
    return cache;
  };
  const [cache, other] = [cacheOf(proxy.url), cacheOf(server.url)];
  await cache.get('k');
  await other.deleteByTag('x');
  let cuts = 0;
  proxy.onRequest = (chunk) => {
    if (String(chunk).includes('__tag:x') && cuts++ === 0) proxy.cut();
  };
  assert.equal(await cache.getOrSet('k', () => 'loaded', { tags: ['x'] }), 'loaded');
  assert.ok(cuts > 1);
  assert.deepEqual([cache.peek('k'), await other.get('k')], ['loaded', 'loaded']);
});

test('a server that ends every connection at once is not connected to all the time', async (t) => {
  const { server } = await redisWithClient(t);
  const proxy = await proxyTo(t, server.port);
  const store = new RedisStore(proxy.url);
  await store.set('k', 1);
  const before = proxy.connections;
  proxy.onRequest = () => proxy.cut();
  await pass(1000);
  proxy.cut();
  await pass(1000);
  assert.ok(proxy.connections - before < 30, `${proxy.connections - before} connections`);
});

test('the connections of a cluster that its nodes end are made again', async (t) => {
  const { nodes, clients } = await redisCluster(t);
  const store = new RedisStore({ nodes });
  const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
  await Promise.all(keys.map((key) => store.set(key, key)));
  for (const client of clients) await kill(client);
  assert.deepEqual(await Promise.all(keys.map((key) => store.get(key))), keys);
  for (const client of clients) await kill(client);
  await Promise.all(keys.map((key) => store.set(key, `${key} again`)));
  assert.equal(await store.get('k7'), 'k7 again');
});

test('a bus whose connections were ended is up again at once', async (t) => {
  const { server, client } = await redisWithClient(t);
  const [here, there] = [0, 1].map(() => new RedisEventBus(server.url, 'idle'));
  t.after(() => Promise.all([here.disconnect(), there.disconnect()]));
  const heard = [];
  await there.subscribe((event) => heard.push(event.keys[0]));
  await here.connect();
  await kill(client);
  await until(async () => (await here.healthCheck()).ok && (await there.healthCheck()).ok, 'both are up again');
  await here.publish({ type: 'delete', keys: ['k'], id: '1', source: 'x', ts: Date.now() });
  await until(() => heard.includes('k'), 'the event arrives');
});
