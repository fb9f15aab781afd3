// Loads that are held open while another instance invalidates their keys, over each bus and each kind of second layer:
// neither an instance nor Redis keeps an old value. `npm run aimed` runs all pairs of them, a thousand rounds each;
// without it each layer meets one bus.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { heldLoader, turns, until } from '../support/deferred.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const ROUNDS = Number(process.env.ORDER_ROUNDS ?? 40);
const IS_WHOLE = process.env.AIMED === 'all';
/** Rounds at a time. */
const BATCH = 40;
/** Milliseconds for which the broker's answers are held back. */
const LATE_MS = 100;
const QUIET = { logging: { enabled: false } };
/** A busy machine takes its time. */
const PATIENT = { commandTimeoutMs: 20_000, connectTimeoutMs: 20_000 };
const resilience = { l2TimeoutMs: PATIENT.commandTimeoutMs };
/** A user who may run no scripts. */
const LOGIN = { username: 'unscripted', password: 'secret' };

const servers = sharedServers();
const ends = [];
let redis;
let cluster;
before(async () => {
  const t = { after: (end) => ends.push(end) };
  redis = await redisServer(t);
  cluster = await redisCluster(t);
  for (const one of [redis, ...cluster.servers]) {
    const client = one.client();
    const rights = ['on', `>${LOGIN.password}`, '~*', '&*', '+@all', '-@scripting'];
    await client.call('ACL', 'SETUSER', LOGIN.username, ...rights);
    client.disconnect();
  }
});
after(async () => {
  for (const end of ends) await end();
  await servers.end();
});

const LOCKED = { distributedLock: { enabled: true } };
const VERSIONED = { versioning: { enabled: true } };
const LAYERS = {
  'one server': {},
  'one server, with a lock': { cache: LOCKED },
  'one server, without an index': { store: { useIndex: false } },
  'one server, with versions': { cache: VERSIONED },
  'one server, large values': { bytes: 70_000 },
  'one server, without scripts': { login: LOGIN },
  'one server, without scripts, with a lock': { login: LOGIN, cache: LOCKED },
  'a cluster': { isCluster: true },
  'a cluster, with a lock': { isCluster: true, cache: LOCKED },
  'a cluster, without an index': { isCluster: true, store: { useIndex: false } },
  'a cluster, with versions': { isCluster: true, cache: VERSIONED },
  'a cluster, large values': { isCluster: true, bytes: 70_000 },
  'a cluster, without scripts': { isCluster: true, login: LOGIN },
  'caches with two names': { names: ['users', 'products'] },
};

/** Instances that hear each other late, over one second layer, and a client that hears at once. */
async function world(t, transport, layer, count) {
  const { store, cache, login, isCluster, names = [undefined] } = LAYERS[layer];
  const { url } = await servers.of(transport);
  const channel = freshName('aimed');
  const proxy = await proxyTo(t, Number(new URL(url).port));
  const late = url.replace(new URL(url).host, `127.0.0.1:${proxy.port}`);
  const prefix = `${channel}:`;
  const make = async (at) => {
    const bus = TRANSPORTS[transport].bus(late, channel, QUIET);
    t.after(() => bus.disconnect());
    await bus.connect();
    const name = names[at % names.length];
    const where = isCluster ? { nodes: cluster.nodes } : { host: '127.0.0.1', port: redis.port };
    const l2 = new RedisStore({ ...where, ...login }, { prefix: `${prefix}${name ?? ''}`, ...PATIENT, ...store });
    const made = new LazyLayersCache({ eventBus: bus, l2, source: `i${at}`, name, ...QUIET, resilience, ...cache });
    t.after(() => made.close({ timeoutMs: 0 }).then(() => l2.close()));
    await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
    return { cache: made, l2, name };
  };
  const instances = [];
  for (let at = 0; at < count * names.length; at += 1) instances.push(await make(at));
  const raw = await TRANSPORTS[transport].raw(url, channel);
  t.after(() => raw.close());
  const heard = [];
  await raw.listen((payload) => heard.push(payload.toString('latin1')));
  proxy.latencyMs = LATE_MS;
  return { instances, heard, make };
}

const isOld = (value) => typeof value === 'string' && value.startsWith('old');

/** A value whose bytes are not packed into less. */
function old(layer) {
  const { bytes = 0 } = LAYERS[layer];
  return `old${Array.from({ length: bytes / 10 }, () => Math.random().toString(36).slice(2)).join('')}`;
}

/** Waits until all that was sent has arrived everywhere. */
async function settled(instances) {
  for (const { cache, name } of instances) {
    const peers = instances.filter((other) => other.name === name);
    const mark = freshName('mark');
    for (const peer of peers) await peer.cache.set(mark, true);
    await cache.delete(mark);
    for (const peer of peers) await until(async () => peer.cache.peek(mark) === undefined, 'the mark arrives');
  }
}

const RACES = {
  delete: (cache, keys) => Promise.all(keys.map((key) => cache.delete(key))),
  'a pattern': (cache, keys) => cache.deleteByPattern(`${keys[0].split('.')[0]}.*`),
  clear: (cache) => cache.clear(),
};

/** Counts the old values that are left anywhere. */
async function leftOf(instances, keys) {
  let wrong = 0;
  for (const { cache } of instances) {
    for (const key of keys) wrong += Number(isOld(cache.peek(key))) + Number(isOld(await cache.get(key)));
  }
  return wrong;
}

/** Holds loads of each key open while it is invalidated. */
async function race(t, transport, layer, what) {
  const { instances, heard } = await world(t, transport, layer, 3);
  const names = LAYERS[layer].names?.length ?? 1;
  const [loading, invalidating] = [instances.slice(0, names), instances[names]];
  const value = old(layer);
  let wrong = 0;
  for (let done = 0; done < ROUNDS; done += BATCH) {
    const group = freshName('k');
    const keys = Array.from({ length: Math.min(BATCH, ROUNDS - done) }, (_, at) => `${group}.${at}`);
    // Two deletes of one key reach the same count at two instances.
    if (what === 'delete' && done % (2 * BATCH) === 0) await RACES.delete(loading[0].cache, keys);
    const held = keys.map(() => heldLoader());
    const loads = loading.flatMap(({ cache }) => keys.map((key, at) => cache.getOrSet(key, held[at])));
    await Promise.all(held.map(({ called }) => called));
    if (loading.length > 1) await until(() => held.every(({ calls }) => calls === loading.length), 'all load');
    const before = heard.length;
    const invalidated = RACES[what](invalidating.cache, keys);
    // In every other batch loads end once the broker has the invalidation, in the others while it is under way.
    if (done % (2 * BATCH) === 0) {
      await until(() => heard.slice(before).some((event) => /del|pattern/.test(event)), 'the broker has it');
    } else await turns(done % 7);
    for (const { resolve } of held) resolve(value);
    await Promise.all([invalidated, ...loads]);
    await settled(instances);
    const concerned = instances.filter(({ name }) => name === invalidating.name);
    wrong += await leftOf(concerned, keys);
    heard.length = 0;
  }
  const overtaken = loading.reduce((sum, { cache }) => sum + cache.stats().loads.overtaken, 0);
  t.diagnostic(`${wrong} old values were left by ${ROUNDS} rounds; Redis refused ${overtaken} loads`);
  assert.equal(wrong, 0);
  assert.ok(overtaken > 0, 'no race was held open');
}

const transports = Object.keys(TRANSPORTS);
for (const [at, layer] of Object.keys(LAYERS).entries()) {
  const over = IS_WHOLE ? transports : [transports[at % transports.length]];
  for (const transport of over) {
    for (const what of Object.keys(RACES)) {
      test(`${transport}, ${layer}: ${what}`, (t) => race(t, transport, layer, what));
    }
  }
}

for (const transport of IS_WHOLE ? transports : ['redis']) {
  for (const layer of ['one server, with versions', 'a cluster, with versions']) {
    test(`${transport}, ${layer}: an instance that starts later finds no older version`, async (t) => {
      const { instances, make } = await world(t, transport, layer, 2);
      const [one, other] = instances;
      let wrong = 0;
      for (let done = 0; done < ROUNDS; done += BATCH) {
        const keys = Array.from({ length: Math.min(BATCH, ROUNDS - done) }, () => freshName('k'));
        const loaded = keys.map(async (key) => {
          await one.cache.delete(key);
          await one.cache.getOrSet(key, () => 'old');
          await other.cache.get(key);
        });
        await Promise.all(loaded);
        const later = await make(done + 2);
        await RACES.delete(later.cache, keys);
        wrong += await leftOf([later], keys);
        await settled([...instances, later]);
        wrong += await leftOf([...instances, later], keys);
        await later.cache.close();
        instances.length = 2;
      }
      t.diagnostic(`${wrong} old values were left by ${ROUNDS} rounds`);
      assert.equal(wrong, 0);
    });
  }
}
