// A bus over clients of node-redis.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisEventBus } from '../../index.mjs';
import { LINES, opened, ownLogin } from '../redis/kinds.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';

/** Two caches, each on a bus over the client given for it. */
async function pair(t, given) {
  const buses = given.map((redis) => new RedisEventBus(redis, 'events'));
  const caches = buses.map((eventBus) => new LazyLayersCache({ eventBus, broadcastSet: true }));
  await Promise.all(buses.map((bus) => bus.connect()));
  await until(async () => {
    const health = await Promise.all(buses.map((bus) => bus.healthCheck()));
    return health.every(({ ok, subscribed }) => ok && subscribed);
  }, 'both have subscribed');
  const end = async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await Promise.all(buses.map((bus) => bus.disconnect()));
  };
  t?.after(end);
  return { caches, buses, end };
}

async function deletesAndValuesArrive([one, other]) {
  await other.set('k', 'old');
  await one.set('k', 'new');
  await one.delete('k');
  await until(async () => (await other.get('k')) === undefined, 'the delete arrives');
  const value = { bytes: Buffer.from([0, 255, 128]) };
  await one.getOrSet('loaded', () => value);
  await until(async () => (await other.get('loaded')) !== undefined, 'the value arrives');
  assert.deepEqual(await other.get('loaded'), value);
}

for (const [line, { createClient }] of Object.entries(LINES)) {
  const kinds = {
    'a client': (t, server) => opened(t, createClient({ url: server.url })),
    'a client that is driven': (t, server) => opened(t, createClient({ ...ownLogin(), url: server.url })),
    options: (_t, { port }) => ({ socket: { host: '127.0.0.1', port } }),
  };
  for (const [kind, make] of Object.entries(kinds)) {
    test(`${line}: ${kind} carries deletes and values`, async (t) => {
      const { server, client } = await redisWithClient(t);
      const given = make(t, server);
      const { caches } = await pair(t, [given, client]);
      await deletesAndValuesArrive(caches);
      await deletesAndValuesArrive(caches.toReversed());
    });
  }

  test(`${line}: events may be missed when the connection of a driven client was lost`, async (t) => {
    const { server, client: redis } = await redisWithClient(t);
    const client = opened(t, createClient({ ...ownLogin(), url: server.url }));
    const { caches } = await pair(t, [client, redis]);
    const told = record(caches[0]);
    await caches[0].set('k', 'old');
    await redis.client('KILL', 'TYPE', 'pubsub');
    await until(() => told.of('bus:gap').length > 0, 'the gap is told');
    await deletesAndValuesArrive(caches.toReversed());
  });

  test(`${line}: health of a driven client tells when there is no server`, async (t) => {
    const server = await redisServer(t);
    const client = opened(t, createClient({ ...ownLogin(), url: server.url, disableOfflineQueue: true }));
    const bus = new RedisEventBus(client, 'events');
    await bus.subscribe(() => {});
    // The client is not connected yet, and takes nothing until then.
    await until(async () => (await bus.healthCheck()).subscribed, 'it listens');
    const { ok, publisherStatus, subscriberStatus } = await bus.healthCheck();
    assert.deepEqual([ok, publisherStatus, subscriberStatus], [true, 'ready', 'ready']);
    await server.kill();
    await until(async () => !(await bus.healthCheck()).ok, 'it is not well');
    await bus.disconnect();
  });
}

test('clusters of node-redis carry events, read and driven, and tell of gaps', async (t) => {
  const ends = [];
  t.after(async () => {
    for (const end of ends) await end();
  });
  const cluster = await redisCluster({ after: (end) => ends.push(end) });
  const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
  for (const { createCluster } of Object.values(LINES)) {
    for (const more of [{}, { useReplicas: true }]) {
      const client = createCluster({ rootNodes, ...more });
      client.on('error', () => {});
      await client.connect();
      ends.unshift(() => client.destroy());
      const { caches, end } = await pair(undefined, [client, { nodes: cluster.nodes }]);
      ends.unshift(end);
      await deletesAndValuesArrive(caches);
      await deletesAndValuesArrive(caches.toReversed());
      const told = record(caches[0]);
      await caches[0].set('k', 'old');
      await Promise.all(cluster.clients.map((node) => node.client('KILL', 'TYPE', 'pubsub')));
      await until(() => told.of('bus:gap').length > 0, 'the gap is told');
    }
  }
});
