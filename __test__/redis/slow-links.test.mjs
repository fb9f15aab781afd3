// Connections to servers that do not answer for a while.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import calculateSlot from 'cluster-key-slot';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';

const logging = { enabled: false };
/** Whether a server tells some connection of changes. */
const tracks = async (client) => /flags=\S*[tB]/.test(await client.client('LIST'));

test('a connection that takes long to make is tracked all the same, once it is made', async (t) => {
  const { client, server } = await redisWithClient(t);
  const proxy = await proxyTo(t, server.port);
  proxy.isHole = true;
  const store = new RedisStore(proxy.url, { tracking: true, connectTimeoutMs: 500, commandTimeoutMs: 500 });
  const cache = new LazyLayersCache({ l2: store, logging });
  t.after(() => cache.close());
  const { of } = record(cache);
  const first = cache.get('k');
  await until(() => proxy.connections > 0, 'a first attempt');
  await sleep(100);
  const { connections } = proxy;
  // The server answers again when the first attempt has run out of time, and the next begins.
  await until(() => proxy.connections > connections, 'a second attempt', 8000);
  proxy.isHole = false;
  await first;
  await until(async () => (await client.ping()) && (await cache.getOrSet('k', () => 1)) === 1, 'it is in use');
  await until(() => tracks(client), 'it is tracked', 8000);
  await cache.set('other', 1);
  await until(async () => (await client.exists('cache:other')) === 1, 'it is written');
  await client.del('cache:other');
  await until(() => cache.peek('other') === undefined, 'a change is told');
  const untracked = of('l2:error').filter(({ error }) => /track/.test(String(error)));
  assert.deepEqual(untracked, []);
});

test('in a cluster with a node that is lost another node is looked after', async (t) => {
  const { clients, nodes, servers } = await redisCluster(t);
  const store = new RedisStore({ nodes }, { tracking: true });
  const cache = new LazyLayersCache({ l2: store, logging });
  t.after(() => cache.close());
  t.after(() => servers[0].resume());
  const keys = Array.from({ length: 60 }, (_, id) => `k${id}`);
  await Promise.all(keys.map((key) => cache.getOrSet(key, () => key)));
  await until(() => tracks(clients[1]), 'the second node is tracked');
  // A connection that ends early is made again for operations alone.
  await sleep(1500);
  servers[0].pause();
  const lost = keys.find((key) => calculateSlot(`cache:${key}`) < 16_384 / 3);
  await cache.delete(lost);
  await servers[1].kill();
  await sleep(1000);
  await servers[1].start();
  await until(() => tracks(clients[1]), 'it is tracked again, though nothing is asked of it', 15_000);
});

test('while a connection is made each operation waits for its own time alone', async (t) => {
  const { server } = await redisWithClient(t);
  const proxy = await proxyTo(t, server.port);
  proxy.isHole = true;
  const store = new RedisStore(proxy.url, { connectTimeoutMs: 60_000, commandTimeoutMs: 400, logging });
  t.after(() => store.close());
  const began = Date.now();
  const reads = [];
  // Each in a turn of its own, so that they are not submitted together.
  for (let id = 0; id < 1000; id += 1) {
    reads.push(assert.rejects(store.get(`k${id}`)));
    await turns(1);
  }
  await Promise.all(reads);
  // 25 groups of 40, one after the other, would take 10 s.
  assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
});
