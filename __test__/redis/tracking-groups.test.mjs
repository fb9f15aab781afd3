// `tracking` where the server changes: slots that move, a primary or a master that another takes over from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from 'ioredis';
import calculateSlot from 'cluster-key-slot';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisCluster, redisSentinels } from '../support/servers/redis-groups.mjs';

const KEYS = Array.from({ length: 60 }, (_, id) => `k${id}`);

async function clusterCache(t, options = {}) {
  const group = await redisCluster(t, options);
  const client = new Cluster(group.nodes);
  client.on('error', () => {});
  t.after(() => client.disconnect());
  const cache = new LazyLayersCache({ l2: new RedisStore({ nodes: group.nodes }, { tracking: true }), ttlMs: 60_000 });
  t.after(() => cache.close());
  const { of } = record(cache);
  // Values kept before there is a connection to a node do not outlive its beginning.
  await Promise.all(KEYS.map((key) => cache.get(key)));
  await Promise.all(KEYS.map((key) => cache.getOrSet(key, () => key)));
  return { ...group, client, cache, of };
}

const held = (cache) => KEYS.filter((key) => cache.peek(key) !== undefined);
/** The primaries have thirds of the slots, in order. */
const placeOf = (key) => Math.floor(calculateSlot(`cache:${key}`) / Math.ceil(16_384 / 3));

test('in a cluster own loads stay, and changes on each primary are told', async (t) => {
  const { cache, client, of } = await clusterCache(t);
  assert.deepEqual(held(cache), KEYS);
  for (const key of KEYS) await client.del(`cache:${key}`);
  await until(() => held(cache).length === 0, 'L1 has let go of all of them');
  await until(() => of('l2:change').length >= KEYS.length, 'each is told');
  assert.equal(of('bus:gap').length, 0);
});

test('in a cluster a lost connection is a gap for the keys of that node alone', async (t) => {
  const { cache, clients, of } = await clusterCache(t);
  await clients[1].client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(() => of('bus:gap').length > 0, 'the gap is told');
  assert.deepEqual(
    held(cache),
    KEYS.filter((key) => placeOf(key) !== 1),
  );
  // The connection is made again though nothing is asked for.
  await until(async () => {
    await clients[1].set('cache:probe{k1}', 'x').catch(() => {});
    const list = await clients[1].client('LIST');
    return /flags=\S*B/.test(list) || /flags=\S*t/.test(list);
  }, 'the node is tracked again');
});

test('in a cluster a lost connection is a gap for the tags whose counters are on that node, too', async (t) => {
  const { cache, clients, of } = await clusterCache(t);
  await Promise.all(KEYS.map((key) => cache.set(key, key, { tags: [`of:${key}`] })));
  await clients[1].client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(() => of('bus:gap').length > 0, 'the gap is told');
  assert.deepEqual(
    held(cache),
    KEYS.filter((key) => placeOf(key) !== 1 && placeOf(`__tag:of:${key}`) !== 1),
  );
});

test('slots that move are a gap for their keys, and changes at their new place are told', async (t) => {
  const { cache, clients, of, client } = await clusterCache(t);
  const key = KEYS.find((one) => placeOf(one) === 0);
  const slot = calculateSlot(`cache:${key}`);
  const [from, to] = clients;
  const [fromId, toId] = await Promise.all([from.cluster('MYID'), to.cluster('MYID')]);
  await to.cluster('SETSLOT', slot, 'IMPORTING', fromId);
  await from.cluster('SETSLOT', slot, 'MIGRATING', toId);
  for (;;) {
    const names = await from.cluster('GETKEYSINSLOT', slot, 100);
    if (names.length === 0) break;
    await from.call('MIGRATE', '127.0.0.1', to.options.port, '', 0, 5000, 'KEYS', ...names);
  }
  await Promise.all(clients.map((node) => node.cluster('SETSLOT', slot, 'NODE', toId)));
  await until(() => of('bus:gap').length > 0 || cache.peek(key) === undefined, 'L1 has let go of the key');
  await until(async () => (await cache.get(key)) === key && cache.peek(key) === key, 'it is read at its new place');
  await client.del(`cache:${key}`);
  await until(() => cache.peek(key) === undefined, 'a change at the new place is told');
});

test('a replica that takes over is a gap, and changes there are told', async (t) => {
  const { cache, servers, of, client } = await clusterCache(t, { replicas: true });
  const key = KEYS.find((one) => placeOf(one) === 0);
  await servers[0].kill();
  await until(() => of('bus:gap').length > 0, 'the gap is told');
  assert.equal(cache.peek(key), undefined);
  await until(
    async () => {
      await cache.getOrSet(key, () => 'again');
      return client.exists(`cache:${key}`).then(
        (there) => there === 1 && cache.peek(key) !== undefined,
        () => false,
      );
    },
    'the replica has taken over',
    40_000,
  );
  await until(async () => {
    if (cache.peek(key) === undefined) return true;
    await client.del(`cache:${key}`).catch(() => {});
    return cache.peek(key) === undefined;
  }, 'changes at the new primary are told');
});

test('behind sentinels a failover is a gap, and changes at the new master are told', async (t) => {
  const { replica, addresses, failOver } = await redisSentinels(t);
  const cache = new LazyLayersCache({
    l2: new RedisStore({ sentinels: addresses, name: 'main' }, { tracking: true }),
    ttlMs: 60_000,
  });
  t.after(() => cache.close());
  const { of } = record(cache);
  await cache.get('k');
  await cache.set('k', 1);
  assert.equal(cache.peek('k'), 1);
  await failOver();
  await until(() => of('bus:gap').some(({ reason }) => reason === 'tracking'), 'the gap is told');
  const client = replica.client();
  t.after(() => client.disconnect());
  await until(async () => {
    await cache.set('k', 2);
    return cache.peek('k') !== undefined && (await client.exists('cache:k')) === 1;
  }, 'the new master is used');
  await client.del('cache:k');
  await until(() => cache.peek('k') === undefined, 'changes there are told');
});
