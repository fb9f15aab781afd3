import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from 'ioredis';
import { LazyLayersCache, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisCluster, redisSentinels, STUBBORN } from '../support/servers/redis-groups.mjs';

const QUIET = { logging: { enabled: false } };

/** A cache that hears of deletes on a bus. */
async function listening(t, redis, options, source) {
  const bus = new RedisEventBus(redis, 'inv', { ...QUIET, ...options });
  const cache = new LazyLayersCache({ eventBus: bus, source, ...QUIET });
  t.after(() => bus.disconnect());
  await bus.connect();
  await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  return { bus, cache, seen: record(cache) };
}

const deletesOf = (one) => one.seen.of('invalidation:received').map(({ event }) => event.keys[0]);

for (const sharded of [false, true]) {
  test(`in a cluster, ${sharded ? 'by shard channels' : 'by channels that all nodes pass on'}`, async (t) => {
    const cluster = await redisCluster(t);
    const client = new Cluster(cluster.nodes);
    client.on('error', () => {});
    t.after(() => client.disconnect());
    const [a, b] = [
      await listening(t, client, { sharded }, 'a'),
      await listening(t, { nodes: cluster.nodes }, { sharded }, 'b'),
    ];
    for (let at = 0; at < 10; at += 1) await a.cache.delete(`k${at}`);
    await until(() => deletesOf(b).length === 10, 'all arrive');
    assert.deepEqual(
      deletesOf(b),
      Array.from({ length: 10 }, (_, at) => `k${at}`),
    );
    if (!sharded) {
      // As 0.4.0 listens.
      const [heard, plain] = [[], cluster.servers[2].client()];
      t.after(() => plain.disconnect());
      plain.on('messageBuffer', (_channel, payload) => heard.push(payload));
      await plain.subscribe('inv');
      // The nodes of a young cluster may not have found each other yet.
      await until(async () => {
        await b.cache.delete('x');
        return heard.length > 0;
      }, 'a plain client on any node hears it');
    }
  });
}

test('behind sentinels: the bus follows the master', async (t) => {
  const group = await redisSentinels(t);
  const where = { sentinels: group.addresses, name: 'main' };
  const [a, b] = [await listening(t, where, {}, 'a'), await listening(t, where, {}, 'b')];
  await a.cache.delete('before');
  await until(() => deletesOf(b).includes('before'), 'it works');
  await b.cache.set('old', 1);
  await group.master.kill();
  await until(() => b.seen.of('bus:gap').length > 0, 'the new master is found', 30_000);
  assert.equal(await b.cache.get('old'), undefined);
  await until(
    async () => {
      await a.cache.delete('after');
      return deletesOf(b).includes('after');
    },
    'events arrive by the new master',
    20_000,
  );
});

test('a master that is demoted is left: it takes events and tells nobody', async (t) => {
  const group = await redisSentinels(t);
  const a = await listening(t, { sentinels: group.addresses, name: 'main' }, {}, 'a');
  const sentinel = group.sentinels[0].client();
  t.after(() => sentinel.disconnect());
  await sentinel.call('SENTINEL', 'FAILOVER', 'main');
  await until(() => a.seen.of('bus:gap').length > 0, 'the bus has moved', 30_000);
  const replica = group.replica.client();
  t.after(() => replica.disconnect());
  await until(
    async () => {
      const [, subscribers] = await replica.pubsub('NUMSUB', 'inv');
      return subscribers > 0;
    },
    'it is subscribed at the new master',
    20_000,
  );
});

test('a master that another has taken over from is left by the bus, though it does not know it', async (t) => {
  const { failOver, addresses } = await redisSentinels(t, STUBBORN);
  const redis = { sentinels: addresses, name: 'main' };
  const early = await listening(t, redis, {}, 'early');
  await failOver();
  const late = await listening(t, redis, {}, 'late');
  await until(async () => {
    await late.cache.delete('k');
    return deletesOf(early).includes('k');
  }, 'who was connected before hears it');
});
