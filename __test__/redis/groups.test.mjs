// Sources of answers, keys that expire, and namespaces, over Redis.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Redis, { Cluster } from 'ioredis';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred } from '../support/deferred.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { standIn } from './kinds.mjs';

const ends = [];
const made = {};
let prefixes = 0;

before(async () => {
  const group = { after: (end) => ends.push(end) };
  const server = await redisServer(group);
  const cluster = await redisCluster(group);
  const client = new Redis(server.port, '127.0.0.1');
  const nodes = new Cluster(cluster.nodes);
  for (const one of [client, nodes]) one.on('error', () => {});
  ends.unshift(() => [client, nodes].forEach((one) => one.disconnect()));
  Object.assign(made, {
    'a single server': () => server.url,
    'a stand-in': () => standIn(client),
    'a cluster': () => ({ nodes: cluster.nodes }),
    'a stand-in for a cluster': () => standIn(nodes),
  });
});

after(async () => {
  for (const end of ends) await end();
});

const fails = () => Promise.reject(new Error('down'));

for (const kind of ['a single server', 'a stand-in', 'a cluster', 'a stand-in for a cluster']) {
  /** Caches over one Redis, that share its entries. */
  const caches = (t, count, options = {}, storeOptions = {}) => {
    const prefix = `groups${process.pid}n${prefixes++}:`;
    return Array.from({ length: count }, () => {
      const l2 = new RedisStore(made[kind](), { prefix, ...storeOptions });
      const cache = new LazyLayersCache({ logging: { enabled: false }, l2, ...options });
      t.after(async () => {
        await cache.close();
        await l2.close?.();
      });
      return cache;
    });
  };

  test(`${kind}: an answer out of Redis says so, and for how long it is kept`, async (t) => {
    const [one, other] = caches(t, 2, { ttlMs: 60_000 });
    assert.equal((await one.getOrSetEntry('a', () => 'value')).source, 'load');
    const found = await other.getEntry('a');
    assert.deepEqual([found.value, found.source, found.ageMs], ['value', 'L2', undefined]);
    assert.ok(found.ttlMs > 0 && found.ttlMs <= 60_000, String(found.ttlMs));
    const again = await other.getEntry('a');
    assert.deepEqual([again.source, again.ageMs], ['L1', undefined]);
    assert.equal((await other.getEntry('none')).source, 'none');
  });

  test(`${kind}: a value with tags is in both layers, until one of them is invalidated`, async (t) => {
    const [one, other] = caches(t, 2);
    const levels = [];
    one.on((event) => void levels.push(event.levels), { types: ['set'] });
    await one.set('a', 'old');
    await one.set('a', 1, { tags: ['x'] });
    await one.getOrSet('b', () => 2, { tags: ['x'] });
    assert.deepEqual(
      levels,
      Array.from({ length: 3 }, () => ['L1', 'L2']),
    );
    await one.deleteByTag('x');
    assert.deepEqual([await one.get('a'), await one.get('b')], [undefined, undefined]);
    assert.deepEqual([await other.get('a'), await other.get('b')], [undefined, undefined]);
  });

  test(`${kind}: an expired entry is gone from Redis, and the instance has its copy`, async (t) => {
    const [one, other] = caches(t, 2, { failSafe: { enabled: true, staleTtlMs: 60_000 } });
    for (const key of ['a:1', 'a:2', 'b']) await one.set(key, key);
    await one.expire('a:1');
    await one.expireByPattern('a:*');
    assert.deepEqual(await Promise.all(['a:1', 'a:2', 'b'].map((key) => other.get(key))), [undefined, undefined, 'b']);
    assert.deepEqual([await one.getOrSet('a:1', fails), await one.getOrSet('a:2', fails)], ['a:1', 'a:2']);
    await assert.rejects(other.getOrSet('a:1', fails), /down/);
  });

  test(`${kind}: a load of another instance that was under way is not stored`, async (t) => {
    for (const expire of [(cache) => cache.expire('a:1'), (cache) => cache.expireByPattern('a:*')]) {
      const [one, other] = caches(t, 2);
      const gate = deferred();
      const began = deferred();
      const load = other.getOrSet('a:1', () => {
        began.resolve();
        return gate.promise;
      });
      await began.promise;
      await expire(one);
      gate.resolve('before');
      assert.equal(await load, 'before');
      assert.deepEqual([await one.get('a:1'), await other.get('a:1')], [undefined, undefined]);
    }
  });

  for (const useIndex of [true, false]) {
    test(`${kind}: clear and size of a namespace concern its keys alone, ${useIndex ? 'by the index' : 'by scans'}`, async (t) => {
      const [cache] = caches(t, 1, { l1: false }, { useIndex });
      const [users, user] = [cache.namespace('[us]er\\s'), cache.namespace('user')];
      for (let n = 0; n < 30; n += 1) await users.set(n, n);
      await user.set(1, 1);
      assert.deepEqual([await users.size(), await user.size()], [30, 1]);
      await users.deleteByPattern('1?');
      assert.equal(await users.size(), 20);
      await users.clear();
      assert.deepEqual([await users.size(), await user.size(), await user.get(1)], [0, 1, 1]);
    });
  }
}
