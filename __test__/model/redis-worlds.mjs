// Configurations with a private Redis: one instance, one whose connections are cut, several on a bus.
import Redis from 'ioredis';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { standIn } from '../redis/kinds.mjs';
import { opened } from '../redis/published-layout.mjs';
import { until } from '../support/deferred.mjs';
import { MinimalRedis } from '../support/minimal-redis.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { TcpProxy } from '../support/tcp-proxy.mjs';
import { now } from './history.mjs';
import { TAGS } from './keys.mjs';
import { cacheOptions } from './options.mjs';
import { PLAIN } from './worlds.mjs';

/** One server for all runs of a process. */
let shared;
function servers() {
  shared ??= (async () => {
    const server = await redisServer();
    return { server, admin: server.client() };
  })();
  return shared;
}

/** Ends the servers that the runs of this process have started. */
export async function endServers() {
  if (shared === undefined) return;
  const { server, admin } = await servers();
  admin.disconnect();
  await server.kill();
}

let names = 0;
const REDIS = {
  ...PLAIN,
  hasL2: true,
  isL2Reliable: true,
  byReference: false,
  patienceMs: 12,
  profile: { locks: true, large: true },
};

const storeOptionsOf = ({ random, extent }) => ({
  useIndex: extent.index ? random.pick([undefined, true, false]) : false,
  batchSize: random.pick([undefined, 2]),
  scanCount: random.pick([undefined, 3]),
  deleteStrategy: random.pick([undefined, 'del']),
});

async function member(run, { address, prefix, channel, url, layers = {}, profile = REDIS.profile, storeOptions }) {
  const config = cacheOptions(run.random, profile);
  const store = new RedisStore(address, { prefix, ...storeOptions });
  const bus = channel === undefined ? undefined : new RedisEventBus(url, channel, { logging: { enabled: false } });
  await bus?.connect();
  const options = { ...config, ...layers, l2: store, eventBus: bus };
  const cache = new LazyLayersCache(options);
  await store.size();
  if (bus) await until(async () => (await bus.healthCheck()).subscribed, 'the bus is subscribed');
  const end = async () => {
    await store.close();
    await bus?.disconnect();
  };
  return { config: options, cache, end, skips: [] };
}

async function world(run, members, fields = {}, end = () => {}) {
  const stop = async () => {
    await Promise.all(members.map((one) => one.end()));
    await end();
  };
  // Lifetimes in Redis begin when it has the command.
  const toleranceMs = run.extent.lateMs + 25;
  return { ...REDIS, toleranceMs, ...fields, members, stop };
}

const freshPrefix = () => `model${process.pid}n${names++}:`;

async function single(run, { layers = {}, fields = {}, address, prefix = freshPrefix(), end } = {}) {
  const { server } = await servers();
  const storeOptions = storeOptionsOf(run);
  return world(run, [await member(run, { address: address ?? server.url, prefix, layers, storeOptions })], fields, end);
}

async function withStandIn(run) {
  const { server } = await servers();
  const client = new Redis(server.port, '127.0.0.1');
  client.on('error', () => {});
  return single(run, { address: standIn(client), end: () => client.disconnect() });
}

/** The commands of 0.4.0 alone: it does not tell remaining lifetimes, so L1 keeps a value as its own reads ask. */
async function withFewCommands(run) {
  const [address, prefix] = [new MinimalRedis(), freshPrefix()];
  const read = address.getBuffer.bind(address);
  address.getBuffer = async (name) => {
    const payload = await read(name);
    const key = name.slice(prefix.length).replace(/::v0$/, '');
    if (payload !== null && !key.startsWith('__')) run.wasServed(key, opened(payload));
    return payload;
  };
  return single(run, { address, prefix });
}

/** The faults that the nemesis of a run makes in Redis and on the way to it, with their times. Each heals by itself. */
function nemesis(run, prefix, proxy, admin, outages) {
  const later = (ms, heal) => setTimeout(heal, ms);
  const deeds = {
    cut: () => proxy.cut(),
    'refuse and cut': () => {
      proxy.refuses = true;
      proxy.cut();
      later(run.random.between(1, 60), () => (proxy.refuses = false));
    },
    'kill clients': () => admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').catch(() => {}),
    'lose the counters of tags': () => admin.del(TAGS.map((tag) => `${prefix}__tag:${tag}`)).catch(() => {}),
    'slow answers': () => {
      proxy.latencyMs = run.random.between(1, 10);
      later(run.random.between(5, 50), () => (proxy.latencyMs = 0));
    },
  };
  const noted = (deed) => () => {
    outages.push(now());
    return deed();
  };
  return Object.fromEntries(Object.entries(deeds).map(([name, deed]) => [name, noted(deed)]));
}

/** An acknowledged call holds in this instance, whether Redis has heard of it or not. */
async function cutOff(run) {
  const { server, admin } = await servers();
  const proxy = await new TcpProxy(server.port).start();
  const layers = {
    resilience: { l2CircuitBreaker: { failureThreshold: run.random.pick([undefined, 1, 100]), cooldownMs: 30 } },
  };
  const [outages, prefix] = [[], freshPrefix()];
  const fields = { isL2Reliable: false, outages, actions: nemesis(run, prefix, proxy, admin, outages) };
  return single(run, { address: proxy.url, prefix, layers, fields, end: () => proxy.close() });
}

/** A value that another instance sent may be so much older than the receiver knows. */
const LATE_AT_PEERS_MS = 400;

/** Several instances on one Redis and one bus. */
async function several(run, count, layers = {}, storeOptions = storeOptionsOf(run)) {
  const { server } = await servers();
  const prefix = freshPrefix();
  const channel = storeOptions.tracking ? undefined : `bus${process.pid}n${names++}`;
  const profile = { ...REDIS.profile, versioning: false };
  const members = await Promise.all(
    Array.from({ length: count }, () =>
      member(run, { address: server.url, url: server.url, prefix, channel, layers, profile, storeOptions }),
    ),
  );
  return world(run, members, {
    isOne: (a, b) => a === b,
    boundMs: 500,
    toleranceMs: run.extent.lateMs + LATE_AT_PEERS_MS,
    tellsChanges: storeOptions.tracking === true,
    profile,
    quiet: () => new Promise((resolve) => setTimeout(resolve, 550)),
  });
}

/** Those that need a Redis. */
export const REDIS_WORLDS = {
  'redis, one instance': (run) => single(run),
  'redis alone': (run) => single(run, { layers: { l1: false }, fields: { hasL1: false } }),
  'redis by a stand-in': withStandIn,
  'redis by few commands': withFewCommands,
  'redis, connections cut': cutOff,
  'two instances': (run) => several(run, 2),
  'three instances with a lock': (run) =>
    several(run, 3, { distributedLock: { enabled: true, waitTimeoutMs: 60, pollMs: 5 } }),
  'two instances that Redis tells of changes': (run) => several(run, 2, {}, { ...storeOptionsOf(run), tracking: true }),
  'two instances, deletes alone told': (run) => several(run, 2, { broadcastSet: false }),
};
