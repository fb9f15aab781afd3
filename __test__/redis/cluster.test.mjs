import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster } from 'ioredis';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { LINES, standIn } from './kinds.mjs';

const KEYS = Array.from({ length: 200 }, (_, id) => `user:${id}`);

/** The work at the end. */
const ends = [];
let cluster;
let client;

before(async () => {
  cluster = await redisCluster({ after: (end) => ends.push(end) });
  client = new Cluster(cluster.nodes);
  client.on('error', () => {});
  ends.unshift(() => client.disconnect());
});

after(async () => {
  for (const end of ends) await end();
});

/** How many keys of a prefix are on each primary. */
const spread = (prefix) =>
  Promise.all(cluster.clients.map(async (node) => (await node.keys(`${prefix}user:*`)).length));

/** Settled when such a cluster is connected. */
const connections = new Map();

/** A cluster of node-redis, made once. */
const ofNodeRedis = (line, more = {}) => {
  let made;
  return () => {
    if (made !== undefined) return made;
    const rootNodes = cluster.nodes.map(({ host, port }) => ({ socket: { host, port } }));
    made = LINES[line].createCluster({ rootNodes, ...more });
    made.on('error', () => {});
    connections.set(made, made.connect());
    ends.unshift(() => made.destroy());
    return made;
  };
};

const KINDS = {
  'a client of ioredis': () => client,
  'a cluster of node-redis 6': ofNodeRedis('node-redis 6'),
  'a cluster of node-redis 5': ofNodeRedis('node-redis 5'),
  'a cluster of node-redis 6 that is driven': ofNodeRedis('node-redis 6', { useReplicas: true }),
  'a cluster of node-redis 5 that is driven': ofNodeRedis('node-redis 5', { useReplicas: true }),
  nodes: () => ({ nodes: cluster.nodes }),
  'a stand-in': () => standIn(client),
};

for (const [kind, connection] of Object.entries(KINDS)) {
  for (const useIndex of [true, false]) {
    const prefix = `${kind}${useIndex}:`;
    const how = useIndex ? 'with an index' : 'without an index';
    const storeOf = () => new RedisStore(connection(), { prefix, useIndex, scanCount: 20, batchSize: 30 });

    test(`${kind}, ${how}: values are on all primaries, and read back`, async () => {
      // Patterns without an index leave a mark in each slot, which later scans pass.
      await Promise.all(cluster.clients.map((node) => node.flushall()));
      await connections.get(connection());
      const store = storeOf();
      await Promise.all(KEYS.map((key) => store.set(key, { key })));
      assert.ok((await spread(prefix)).every((count) => count > 0));
      const read = await Promise.all(KEYS.map((key) => store.get(key)));
      assert.ok(read.every((value, at) => value.key === KEYS[at]));
      assert.equal(await store.size(), KEYS.length);
    });

    test(`${kind}, ${how}: pages show the entries of all primaries`, async () => {
      const store = storeOf();
      const seen = new Set();
      let cursor;
      do {
        const page = await store.inspect({ limit: 30, cursor });
        for (const { key } of page.keys) seen.add(key);
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual([...seen].sort(), [...KEYS].sort());
    });

    test(`${kind}, ${how}: patterns remove from all primaries`, async () => {
      const store = storeOf();
      await store.deleteByPattern('user:1*');
      assert.equal(await store.size(), KEYS.filter((key) => !key.startsWith('user:1')).length);
      await store.clear();
      assert.deepEqual(await spread(prefix), [0, 0, 0]);
    });
  }
}

test('a load under the lock is stored, wherever its key is', async (t) => {
  const l2 = new RedisStore(client, { prefix: 'locked:' });
  const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true } });
  t.after(() => cache.close());
  const { of } = record(cache);
  await Promise.all(KEYS.map((key) => cache.getOrSet(key, () => ({ key }))));
  assert.deepEqual(of('l2:error'), []);
  const read = await Promise.all(KEYS.map((key) => l2.get(key)));
  assert.ok(read.every((value, at) => value.key === KEYS[at]));
  await cache.delete(KEYS[0]);
  assert.equal(await l2.has(KEYS[0]), false);
});

test('a slot that moves to another primary is followed, also while it moves', async () => {
  const store = new RedisStore({ nodes: cluster.nodes }, { prefix: 'moved:' });
  await store.set('{x}1', 1);
  const slot = Number(await client.cluster('KEYSLOT', '{x}1'));
  const ids = await Promise.all(cluster.clients.map((node) => node.cluster('MYID')));
  const counts = await Promise.all(cluster.clients.map((node) => node.cluster('COUNTKEYSINSLOT', slot)));
  const from = counts.findIndex((count) => count > 0);
  const to = (from + 1) % 3;
  await cluster.clients[to].cluster('SETSLOT', slot, 'IMPORTING', ids[from]);
  await cluster.clients[from].cluster('SETSLOT', slot, 'MIGRATING', ids[to]);
  // Marks of other stores may be in the slot as well.
  const names = await cluster.clients[from].cluster('GETKEYSINSLOT', slot, 100);
  const where = ['127.0.0.1', cluster.servers[to].port];
  for (const name of names) await cluster.clients[from].call('MIGRATE', ...where, name, 0, 5000);
  assert.equal(await store.get('{x}1'), 1, 'the old primary sends it on for this once');
  for (const node of [cluster.clients[to], cluster.clients[from]]) await node.cluster('SETSLOT', slot, 'NODE', ids[to]);
  assert.equal(await store.get('{x}1'), 1);
  await store.set('{x}1', 2);
  assert.equal(await store.get('{x}1'), 2);
});

test('a primary that dies costs its own slots, not the calls, and is used again when it is back', async (t) => {
  const l2 = new RedisStore({ nodes: cluster.nodes }, { prefix: 'dead:' });
  const cache = new LazyLayersCache({ l2, l1: false });
  t.after(() => cache.close());
  await Promise.all(KEYS.map((key) => cache.set(key, key)));
  await cluster.servers[2].kill();
  const start = performance.now();
  const read = await Promise.all(KEYS.map((key) => cache.getOrSet(key, () => key)));
  assert.deepEqual(read, KEYS);
  assert.ok(performance.now() - start < 5000);
  await until(async () => {
    const stored = await Promise.all(KEYS.map((key) => l2.get(key).catch(() => undefined)));
    return stored.filter((value) => value !== undefined).length > KEYS.length / 2;
  }, 'the other primaries are used');
  await cluster.servers[2].start();
  await until(
    async () => {
      await Promise.all(KEYS.map((key) => cache.set(key, key)));
      const stored = await Promise.all(KEYS.map((key) => l2.get(key).catch(() => undefined)));
      return stored.every((value, at) => value === KEYS[at]);
    },
    'all of them are used again',
    20_000,
  );
});
