import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { redisSentinels, STUBBORN } from '../support/servers/redis-groups.mjs';

/** The work at the end. */
const ends = [];
let group;
let cache;

before(async () => {
  group = await redisSentinels({ after: (end) => ends.push(end) });
  const l2 = new RedisStore({ sentinels: group.addresses, name: 'main' }, { prefix: 's:' });
  cache = new LazyLayersCache({ l2, l1: false });
});

after(async () => {
  await cache.close();
  for (const end of ends) await end();
});

test('the master that sentinels name is found and written to', async (t) => {
  const master = group.master.client();
  t.after(() => master.disconnect());
  await cache.set('k', { a: 1 });
  assert.equal(await master.exists('s:k'), 1);
  assert.deepEqual(await cache.get('k'), { a: 1 });
});

test('the master is followed when it dies and its replica takes over', async (t) => {
  const replica = group.replica.client();
  t.after(() => replica.disconnect());
  await until(async () => (await replica.exists('s:k')) === 1, 'the replica has it');
  await group.master.kill();
  const start = performance.now();
  assert.equal(await cache.getOrSet('other', () => 'loaded'), 'loaded');
  assert.ok(performance.now() - start < 4000, 'no call hangs');
  await until(async () => /role:master/.test(await replica.info('replication')), 'the replica takes over', 30_000);
  await until(
    async () => {
      await cache.set('after', 1);
      return (await replica.exists('s:after')) === 1;
    },
    'the new master is used',
    15_000,
  );
  assert.deepEqual(await cache.get('k'), { a: 1 });
});

test('a name that the sentinels do not know is said in the error', async () => {
  const store = new RedisStore({ sentinels: group.addresses, name: 'unknown' });
  await assert.rejects(store.get('k'), /the sentinels know no master of that name/);
});

test('a master that another has taken over from is left, though it does not know it', async (t) => {
  const { master, replica, failOver, addresses } = await redisSentinels(t, STUBBORN);
  const [old, next] = [master, replica].map((server) => server.client());
  t.after(() => [old, next].forEach((client) => client.disconnect()));
  const store = new RedisStore({ sentinels: addresses, name: 'main' }, { prefix: 's:' });
  await store.set('before', 1);
  await failOver();
  await until(async () => {
    await store.set('after', 1).catch(() => {});
    return (await next.exists('s:after')) === 1;
  }, 'the new master is used');
  assert.match(await old.info('replication'), /role:master/);
});
