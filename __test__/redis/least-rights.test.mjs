// A user with the rights that docs/redis.md lists, and no others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCache, RedisStore } from '../../index.mjs';
import { record } from '../support/events.mjs';
import { namesIn, textOf } from '../support/pages.mjs';
import { redisCluster, redisSentinels } from '../support/servers/redis-groups.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';

const PREFIX = 'app:cache:';
const PAGE = textOf('docs/redis.md');
const [, RULES] = /^ACL SETUSER app (.*?)^```$/ms.exec(PAGE);
/** The rights that some things take as well, in the order of the page. */
const [TRACKING, _database, CLUSTER, SENTINELS] = namesIn(/also takes `[^]*?`\. A \[bus\]/.exec(PAGE)[0]).filter(
  (name) => name.startsWith('+'),
);

const wordsOf = (rules) => rules.trim().split(/\s+/);

/** The commands that the server has denied. */
async function denied(client) {
  const log = await client.call('ACL', 'LOG', '100');
  const entries = log.map((entry) => Object.fromEntries(entry.map((name, at) => [name, entry[at + 1]])));
  return [...new Set(entries.filter(({ reason }) => reason === 'command').map(({ object }) => object))];
}

const LOGIN = { username: 'app', password: 'secret' };
const addressOf = (server) => ({ host: '127.0.0.1', port: server.port, ...LOGIN });

/** Makes the user on a server. */
const allow = (client, ...more) => client.call('ACL', 'SETUSER', 'app', ...wordsOf(RULES), ...more.flatMap(wordsOf));

/** A cache over Redis as the user, and its events. */
function cacheOf(t, address, options = {}) {
  const l2 = new RedisStore(address, { prefix: PREFIX, ...options });
  const cache = createCache({
    l2,
    distributedLock: { enabled: true },
    failSafe: { enabled: true, staleTtlMs: 60_000 },
    logging: { enabled: false },
  });
  t.after(async () => {
    await cache.close();
    await l2.close();
  });
  return { cache, l2, ...record(cache) };
}

/** Each verb, and each way of a store to answer it. */
async function useAll({ cache, l2 }, other) {
  await cache.set('small', 1);
  await cache.set('large', 'x'.repeat(200_000));
  await cache.set('endless', 1, { ttlMs: 0 });
  await cache.getOrSet('loaded', () => 1);
  await cache.getOrSet('tagged', () => 1, { tags: ['t', 'u'] });
  await cache.setMany({ one: 1, two: 2 });
  await cache.getMany(['one', 'two', 'three', 'four'], (missing) => missing.map(() => 1));
  await other.cache.getMany(['one', 'two', 'absent']);
  await other.cache.get('tagged');
  await other.cache.has('large');
  await other.cache.set('more', 1);
  await cache.deleteByTag('t');
  await cache.expireByTag('u');
  await cache.expire('small');
  await cache.deleteMany(['one', 'two']);
  await l2.acquireLock('lock', 'token', 1000);
  await l2.releaseLock('lock', 'token');
  await l2.size();
  await l2.inspect({ limit: 10 });
  await cache.deleteByPattern('l*');
  await cache.clear();
}

/** Uses all verbs of two caches. Returns the commands that servers denied, and the failures of the caches. */
async function faultsOf(t, clients, address, options = {}) {
  const own = cacheOf(t, address, options);
  const other = cacheOf(t, address, { ...options, levels: { L2: { maxEntries: 3 } } });
  await useAll(own, other);
  const faults = await Promise.all(clients.map(denied));
  return [...faults.flat(), ...own.of('l2:error'), ...other.of('l2:error')];
}

for (const [name, options, ...more] of [
  ['the listed rights', {}],
  ['the listed rights, without an index', { useIndex: false }],
  ['the listed rights and those of tracking', { tracking: true }, TRACKING, '&*'],
]) {
  test(`${name} are enough`, async (t) => {
    const { server, client } = await redisWithClient(t);
    await allow(client, ...more);
    assert.deepEqual(await faultsOf(t, [client], addressOf(server), options), []);
  });
}

test('the listed rights and those of a cluster are enough there', async (t) => {
  const { clients, nodes } = await redisCluster(t);
  for (const client of clients) await allow(client, CLUSTER);
  assert.deepEqual(await faultsOf(t, clients, { nodes, ...LOGIN }), []);
});

test('the listed rights and those behind sentinels are enough there', async (t) => {
  const { master, addresses } = await redisSentinels(t);
  const client = master.client();
  t.after(() => client.disconnect());
  await allow(client, SENTINELS);
  assert.deepEqual(await faultsOf(t, [client], { sentinels: addresses, name: 'main', ...LOGIN }), []);
});

test('a user without one of the listed rights is denied a command', async (t) => {
  const { server, client } = await redisWithClient(t);
  await allow(client, '-hincrby');
  assert.deepEqual((await faultsOf(t, [client], addressOf(server)))[0], 'hincrby');
});
