// Loads that are held open while another instance invalidates their keys: their results are stored nowhere.
// ORDER_ROUNDS=1000 holds so many loads open in each case, a hundred at a time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster } from 'ioredis';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { standIn } from './kinds.mjs';

const KEYS = Array.from({ length: 100 }, (_, id) => `user:${id}`);
const TIMES = Number(process.env.ORDER_ROUNDS ?? KEYS.length) / KEYS.length;
/** Beyond 64 KiB, and not to be packed into less. */
const LARGE = 70_000;

const ends = [];
let server;
let cluster;
before(async () => {
  const t = { after: (end) => ends.push(end) };
  server = await redisServer(t);
  cluster = await redisCluster(t);
  for (const one of [server, ...cluster.servers]) {
    const client = one.client();
    await client.call('ACL', 'SETUSER', ...UNSCRIPTED);
    client.disconnect();
  }
});
after(async () => {
  for (const end of ends) await end();
});

/** A user who may run no scripts. */
const LOGIN = { username: 'unscripted', password: 'secret' };
const UNSCRIPTED = [LOGIN.username, 'on', `>${LOGIN.password}`, '~*', '&*', '+@all', '-@scripting'];

/** A busy machine takes its time. */
const PATIENT = { commandTimeoutMs: 20_000, connectTimeoutMs: 20_000 };
const resilience = { l2TimeoutMs: PATIENT.commandTimeoutMs };

const LOCKED = { distributedLock: { enabled: true } };

const WORLDS = {
  'one server': {},
  'one server, with a lock': { cache: LOCKED },
  'one server, without an index': { store: { useIndex: false } },
  'one server, without an index, with a lock': { store: { useIndex: false }, cache: LOCKED },
  'one server, with versions': { cache: { versioning: { enabled: true } } },
  'one server, with a bound': { store: { levels: { L2: { maxEntries: 10_000 } } } },
  'one server, large values': { large: true },
  'one server, without scripts': { unscripted: true },
  'one server, without scripts, with a lock': { unscripted: true, cache: LOCKED },
  'one server, without scripts, without an index': { unscripted: true, store: { useIndex: false } },
  'one server, without scripts, large values': { unscripted: true, large: true },
  'a cluster, without scripts': { cluster: true, unscripted: true },
  'a cluster, without scripts, with a lock': { cluster: true, unscripted: true, cache: LOCKED },
  'a cluster, without scripts, without an index': { cluster: true, unscripted: true, store: { useIndex: false } },
  'a stand-in': { standIn: true },
  'a stand-in, with a lock': { standIn: true, cache: LOCKED },
  'a stand-in, without an index': { standIn: true, store: { useIndex: false } },
  'a stand-in whose client has a prefix': { standIn: true, client: { keyPrefix: 'c:' } },
  'a cluster': { cluster: true },
  'a cluster, with a lock': { cluster: true, cache: LOCKED },
  'a cluster, without an index': { cluster: true, store: { useIndex: false } },
  'a cluster, with versions': { cluster: true, cache: { versioning: { enabled: true } } },
  'a cluster, with a bound': { cluster: true, store: { levels: { L2: { maxEntries: 10_000 } } } },
  'a cluster, large values': { cluster: true, large: true },
  'a cluster by a stand-in': { cluster: true, standIn: true },
  'a cluster by a stand-in, with a lock': { cluster: true, standIn: true, cache: LOCKED },
  'a cluster by a stand-in, without an index': { cluster: true, standIn: true, store: { useIndex: false } },
  'a cluster by a stand-in whose client has a prefix': { cluster: true, standIn: true, client: { keyPrefix: 'c:' } },
};

const INVALIDATIONS = {
  delete: (cache) => Promise.all(KEYS.map((key) => cache.delete(key))),
  'a pattern': (cache) => cache.deleteByPattern('user:*'),
  clear: (cache) => cache.clear(),
};

/** A test whose rounds are run as often as is asked for. */
const rounds = (title, run) =>
  test(title, async (t) => {
    for (let time = 0; time < TIMES; time += 1) await run(t);
  });

let worlds = 0;

/** Instances over one prefix, and a store that shows what Redis holds. */
function instances(t, world, count, more = {}) {
  const { store = {}, cache = {} } = WORLDS[world];
  const prefix = `w${(worlds += 1)}:`;
  const clientOf = () => {
    const { client: options, cluster: isCluster } = WORLDS[world];
    const made = isCluster ? new Cluster(cluster.nodes, options) : server.client(options);
    made.on('error', () => {});
    t.after(() => made.disconnect());
    return standIn(made);
  };
  const where = () => {
    if (WORLDS[world].standIn) return clientOf();
    const login = WORLDS[world].unscripted ? LOGIN : {};
    if (WORLDS[world].cluster) return { nodes: cluster.nodes, ...login };
    return { host: '127.0.0.1', port: server.port, ...login };
  };
  const storeOf = () => {
    const made = new RedisStore(where(), { prefix, ...PATIENT, ...store, ...more });
    t.after(() => made.close());
    return made;
  };
  const caches = Array.from({ length: count }, () => {
    const made = new LazyLayersCache({ l2: storeOf(), resilience, logging: { enabled: false }, ...cache });
    t.after(() => made.close({ timeoutMs: 0 }));
    return made;
  });
  return { caches, storeOf, prefix };
}

function valueOf(world, key, version) {
  const value = { key, version };
  if (WORLDS[world].large) value.text = Array.from({ length: LARGE / 10 }, () => Math.random().toString(36)).join('');
  return value;
}

/** Starts a load of each key; all of them have begun when this ends. */
async function startLoads(world, cache, version) {
  const release = deferred();
  const begun = [];
  const loads = KEYS.map((key) => {
    const loader = deferred();
    begun.push(loader.promise);
    return cache.getOrSet(key, async () => {
      loader.resolve();
      await release.promise;
      return valueOf(world, key, version);
    });
  });
  await Promise.all(begun);
  return { loads, release: release.resolve };
}

/** The values that a cache, or a store, which knows of no versions, has. */
const present = async (reader, world) => {
  const versions = WORLDS[world].cache?.versioning && reader instanceof RedisStore ? '::v0' : '';
  const read = await Promise.all(KEYS.map((key) => reader.get(key + versions)));
  return read.filter((value) => value !== undefined);
};

for (const world of Object.keys(WORLDS)) {
  for (const [what, invalidate] of Object.entries(INVALIDATIONS)) {
    rounds(`${world}: ${what} of another instance keeps out the results of loads from before it`, async (t) => {
      const {
        caches: [loading, deleting, third],
        storeOf,
      } = instances(t, world, 3);
      const { of } = record(loading);
      const { loads, release } = await startLoads(world, loading, 1);
      await invalidate(deleting);
      release();
      const loaded = await Promise.all(loads);
      assert.ok(
        loaded.every((value, at) => value.key === KEYS[at]),
        'the callers get what was loaded',
      );
      for (const reader of [storeOf(), deleting, third, loading]) assert.deepEqual(await present(reader, world), []);
      assert.equal(of('load:overtaken').length, KEYS.length);
      assert.equal(loading.stats().loads.overtaken, KEYS.length);
      // That scripts are denied is told once.
      const errors = of('l2:error').filter(({ error }) => !/the right to run SCRIPT LOAD/.test(error.message));
      assert.deepEqual(errors, []);
      const again = await startLoads(world, loading, 2);
      again.release();
      await Promise.all(again.loads);
      const stored = await present(third, world);
      assert.equal(stored.length, KEYS.length, 'a load from after it is stored');
      assert.ok(stored.every(({ version }) => version === 2));
    });

    rounds(`${world}: ${what} at the moment in which loads end leaves nothing of them in Redis`, async (t) => {
      const {
        caches: [loading, deleting],
        storeOf,
      } = instances(t, world, 2);
      const { loads, release } = await startLoads(world, loading, 1);
      release();
      await Promise.all([...loads, invalidate(deleting)]);
      assert.deepEqual(await present(storeOf(), world), []);
      assert.deepEqual(await present(deleting, world), []);
      const store = storeOf();
      await until(async () => (await store.size()) === 0, 'the index lists nothing');
    });
  }

  // Without scripts an invalidation begins a new count, which overtakes them as well.
  const overtakesOthers = WORLDS[world].unscripted;
  rounds(`${world}: invalidations of other keys leave ${overtakesOthers ? 'no load' : 'loads'} alone`, async (t) => {
    const {
      caches: [loading, deleting],
      storeOf,
    } = instances(t, world, 2);
    const { loads, release } = await startLoads(world, loading, 1);
    await deleting.delete('post:1');
    await deleting.deleteByPattern('post:*');
    await deleting.deleteByPattern('user:?x*');
    release();
    await Promise.all(loads);
    const kept = overtakesOthers ? 0 : KEYS.length;
    assert.equal((await present(storeOf(), world)).length, kept);
    assert.equal((await present(loading, world)).length, kept);
  });
}

for (const world of ['one server', 'a stand-in']) {
  test(`${world}: a load that outlives the marks of an invalidation is not stored`, async (t) => {
    const {
      caches: [loading, deleting],
      storeOf,
      prefix,
    } = instances(t, world, 2, { longestLoadMs: 200 });
    const redis = server.client();
    t.after(() => redis.disconnect());
    const { loads, release } = await startLoads(world, loading, 1);
    await deleting.delete(KEYS[0]);
    assert.ok((await redis.pttl(`${prefix}__marks`)) <= 250);
    await until(async () => (await redis.exists(`${prefix}__marks`)) === 0, 'the marks are gone');
    release();
    await Promise.all(loads);
    assert.deepEqual(await present(storeOf(), world), []);
    const young = await startLoads(world, loading, 2);
    young.release();
    await Promise.all(young.loads);
    assert.equal((await present(storeOf(), world)).length, KEYS.length);
  });
}
