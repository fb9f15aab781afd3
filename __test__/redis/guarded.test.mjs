// Conditional writes where scripts are denied: an invalidation that comes between the look at the conditions and the
// write keeps the value out, so that nobody reads it. ORDER_ROUNDS=1000 runs so many rounds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred, heldLoader, turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { freePort } from '../support/servers/process.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';

const ROUNDS = Number(process.env.ORDER_ROUNDS ?? 40);
const PASSWORD = 'secret';
const USERS = { cache: '-@scripting', unwatched: ['-@scripting', '-watch'] };

/** How the servers are stopped at the end. */
const ends = [];
const t = { after: (end) => ends.push(end) };
/** Servers by name, each with a proxy before it. */
const places = {};

async function place(server, proxy) {
  const client = server.client();
  ends.unshift(() => client.disconnect());
  for (const [user, rights] of Object.entries(USERS)) {
    await client.call('ACL', 'SETUSER', user, 'on', `>${PASSWORD}`, '~*', '&*', '+@all', ...[rights].flat());
  }
  proxy.target = server.port;
  return { server, client, proxy };
}

before(async () => {
  places.server = await place(await redisServer(t), await proxyTo(t, 0));
  const [port, busPort, proxy] = [await freePort(), await freePort(), await proxyTo(t, 0)];
  // It names the port of the proxy as its own.
  const options = ['--cluster-enabled', 'yes', '--cluster-port', busPort, '--cluster-announce-port', proxy.port];
  const node = await redisServer(t, options.map(String), port);
  places.cluster = await place(node, proxy);
  await places.cluster.client.cluster('ADDSLOTSRANGE', 0, 16_383);
  const isWhole = async () => /cluster_state:ok/.test(await places.cluster.client.cluster('INFO'));
  await until(isWhole, 'the cluster is whole', 20_000);
});
after(async () => {
  for (const end of ends) await end();
});

const LOCKED = { distributedLock: { enabled: true } };
const WORLDS = {
  'one server': {},
  'one server, with a lock': { cache: LOCKED },
  'one server, without an index': { store: { useIndex: false } },
  'one server, without an index, with a lock': { store: { useIndex: false }, cache: LOCKED },
  'one server, with a bound': { store: { levels: { L2: { maxEntries: 10_000 } } } },
  'one server, large values': { bytes: 70_000 },
  'a cluster': { cluster: true },
  'a cluster, with a lock': { cluster: true, cache: LOCKED },
  'a cluster, without an index': { cluster: true, store: { useIndex: false } },
};

let prefixes = 0;

/** An instance behind the proxy, and one beside it. */
function instances(t, world, username = 'cache') {
  const { store, cache, cluster } = WORLDS[world];
  const prefix = `{g${(prefixes += 1)}}:`;
  const { server, proxy, client } = cluster ? places.cluster : places.server;
  const make = (port) => {
    const node = { host: '127.0.0.1', port };
    const where = cluster ? { nodes: [node] } : node;
    const l2 = new RedisStore({ ...where, username, password: PASSWORD }, { prefix, ...store });
    const made = new LazyLayersCache({ l2, logging: { enabled: false }, ...cache });
    t.after(() => made.close({ timeoutMs: 0 }).then(() => l2.close()));
    return made;
  };
  // Behind its proxy, where that is how a cluster names its node.
  const beside = make(cluster ? proxy.port : server.port);
  return { loading: make(proxy.port), beside, proxy, client, prefix };
}

/** A value that is told from all others, and whose bytes are not packed into less. */
function valueOf(world, name) {
  const { bytes = 0 } = WORLDS[world];
  return name + Array.from({ length: bytes / 10 }, () => Math.random().toString(36).slice(2)).join('');
}

const INVALIDATIONS = {
  delete: (cache, key) => cache.delete(key),
  'a pattern': (cache, key) => cache.deleteByPattern(`${key}*`),
  clear: (cache) => cache.clear(),
};

/** How often values were written since the statistics began anew. */
const writes = async (client) => Number(/cmdstat_set:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);

for (const world of Object.keys(WORLDS).filter((name) => !name.includes('cluster'))) {
  for (const [what, invalidate] of Object.entries(INVALIDATIONS)) {
    test(`${world}: ${what} between the look and the write`, async (t) => {
      const { loading, beside, proxy, client, prefix } = instances(t, world);
      await loading.getOrSet('first', () => 1);
      await beside.getOrSet('first', () => 1);
      const load = heldLoader();
      const loaded = loading.getOrSet('k', load);
      await load.called;
      const [looked, invalidated] = [deferred(), deferred()];
      let wrote = false;
      proxy.onRequest = (chunk) => {
        if (wrote || !String(chunk).includes('\r\nMULTI\r\n')) return undefined;
        wrote = true;
        looked.resolve();
        return invalidated.promise;
      };
      t.after(() => (proxy.onRequest = () => {}));
      load.resolve(valueOf(world, 'old'));
      await looked.promise;
      await invalidate(beside, 'k');
      await client.config('RESETSTAT');
      invalidated.resolve();
      assert.match(await loaded, /^old/);
      assert.equal(await writes(client), 0, 'nothing was written, not even for a moment');
      assert.equal(await client.exists(`${prefix}k`), 0);
      assert.equal(loading.peek('k'), undefined);
      assert.equal(loading.stats().loads.overtaken, 1);
    });
  }
}

test('a lock that another takes between the look and the write', async (t) => {
  const { loading, proxy, client, prefix } = instances(t, 'one server, with a lock');
  await loading.getOrSet('first', () => 1);
  const load = heldLoader();
  const loaded = loading.getOrSet('k', load);
  await load.called;
  let wrote = false;
  proxy.onRequest = async (chunk) => {
    if (wrote || !String(chunk).includes('\r\nMULTI\r\n')) return;
    wrote = true;
    await client.set(`${prefix}__lock:k`, 'another');
    await client.config('RESETSTAT');
  };
  t.after(() => (proxy.onRequest = () => {}));
  load.resolve('old');
  assert.equal(await loaded, 'old');
  assert.equal(await writes(client), 0);
});

for (const [world, username] of [
  ...Object.keys(WORLDS).map((name) => [name, 'cache']),
  ['one server', 'unwatched'],
  ['a cluster', 'unwatched'],
]) {
  const title = username === 'cache' ? world : `${world}, without WATCH`;
  for (const [what, invalidate] of Object.entries(INVALIDATIONS)) {
    test(`${title}: ${what} as a load ends`, async (t) => {
      const { loading, beside, client, prefix } = instances(t, world, username);
      const { of } = record(loading);
      await loading.getOrSet('first', () => 1);
      let [wrong, left] = [0, 0];
      for (let round = 0; round < ROUNDS; round += 1) {
        const key = `k${round}`;
        const load = heldLoader();
        const loaded = loading.getOrSet(key, load);
        await load.called;
        const state = { isInvalidated: false, isOver: false };
        const reading = (async () => {
          while (!state.isOver) {
            const { isInvalidated } = state;
            if ((await client.exists(prefix + key)) && isInvalidated) wrong += 1;
          }
        })();
        load.resolve(valueOf(world, 'old'));
        await turns(round % 8);
        await invalidate(beside, key);
        state.isInvalidated = true;
        await loaded;
        state.isOver = true;
        await reading;
        left += await client.exists(prefix + key);
      }
      t.diagnostic(`${wrong} reads of ${ROUNDS} rounds found an old value, ${left} are left`);
      assert.equal(left, 0);
      // Where WATCH is denied, an overtaken value is there for a moment.
      if (username === 'cache') assert.equal(wrong, 0);
      const told = of('l2:error').map(({ error }) => error.message);
      assert.equal(told.length, 1);
      assert.match(told[0], /the right to run SCRIPT LOAD, EVALSHA and EVAL is missing/);
      assert.equal(/WATCH/.test(told[0]), username !== 'cache');
      await loading.getOrSet('next', () => 'new');
      assert.equal(await beside.get('next'), 'new', 'a load that nothing overtakes is stored');
    });
  }
}
