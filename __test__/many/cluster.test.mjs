// Several keys on the primaries of a cluster, and on a single server by every kind of client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { KINDS } from '../redis/kinds.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';

const KEYS = Array.from({ length: 200 }, (_, id) => `user:${id}`);
const ends = [];
let cluster;
let server;

before(async () => {
  cluster = await redisCluster({ after: (end) => ends.push(end) });
  server = await redisServer({ after: (end) => ends.push(end) });
});

after(async () => {
  for (const end of ends) await end();
});

async function exercise(t, l2) {
  const [cache, other] = [0, 1].map(() => new LazyLayersCache({ l1: false, l2 }));
  t.after(() => Promise.all([cache.close(), other.close()]));
  await cache.setMany(KEYS.slice(0, 100).map((key, at) => [key, { at }]));
  const asked = [];
  const found = await other.getMany(KEYS, (missing) => {
    asked.push(...missing);
    return missing.map((key) => ({ key }));
  });
  assert.deepEqual([...found.keys()], KEYS);
  assert.deepEqual(asked, KEYS.slice(100));
  assert.deepEqual([...(await cache.getMany(KEYS)).values()], [...found.values()]);
  await cache.deleteMany(KEYS.slice(50, 150));
  assert.deepEqual([...(await other.getMany(KEYS)).keys()], [...KEYS.slice(0, 50), ...KEYS.slice(150)]);
}

test('a cluster', (t) => exercise(t, new RedisStore({ nodes: cluster.nodes }, { prefix: 'many:' })));

test('under locks in a cluster', async (t) => {
  const l2 = new RedisStore({ nodes: cluster.nodes }, { prefix: 'locked:' });
  const distributedLock = { enabled: true, pollMs: 5 };
  const caches = [0, 1].map(() => new LazyLayersCache({ l2, distributedLock }));
  t.after(() => Promise.all(caches.map((cache) => cache.close())));
  const asked = [];
  const load = async (missing) => {
    asked.push(...missing);
    return missing;
  };
  const maps = await Promise.all([caches[0].getMany(KEYS, load), caches[1].getMany([...KEYS].reverse(), load)]);
  for (const map of maps) for (const [key, value] of map) assert.equal(key, value);
  assert.deepEqual(
    maps.map(({ size }) => size),
    [200, 200],
  );
  assert.deepEqual(asked.sort(), [...KEYS].sort(), 'each key is loaded once by the two');
});

for (const [kind, connection] of Object.entries(KINDS)) {
  test(`${kind}: several keys`, (t) => exercise(t, new RedisStore(connection(t, server.port), { prefix: `${kind}:` })));
}
