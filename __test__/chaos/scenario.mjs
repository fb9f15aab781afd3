// A run: processes on one bus and one Redis, chaos in turns with quiet, and the check of all that was logged.
import { setTimeout as sleep } from 'node:timers/promises';
import { TRANSPORTS } from '../bus/transports.mjs';
import { Random } from '../model/random.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { check, OPEN_MS } from './checker.mjs';
import { now } from './clock.mjs';
import { Cluster } from './cluster.mjs';
import { Sentinels } from './failover.mjs';
import { Member } from './member.mjs';
import { strike } from './nemesis.mjs';
import { Truth } from './truth.mjs';

const KEYS = ['a:1', 'a:2', 'a:3', 'b:1', 'b:2', 'c:1', 'c:2', 'd:1'];
/** Within which all are connected again, and have missed nothing any more, once everything is healed. */
const RECOVERY_MS = 30_000;
/** Heartbeats tell of gaps within that. */
const QUIET_MS = 3500;

const each = (members, action) => Promise.all(members.map((member) => member.ask(action)));

/** Waits until every process says that it is well; tells who is not. */
async function recovered(members) {
  const deadline = now() + RECOVERY_MS;
  for (;;) {
    const well = await each(members, 'well');
    const unwell = members.filter((_, at) => well[at] !== true).map(({ name }) => name);
    if (unwell.length === 0) return [];
    if (now() > deadline) {
      return unwell.map((name) => `${name} is not well ${RECOVERY_MS / 1000} s after everything was healed`);
    }
    await sleep(100);
  }
}

async function quiet(members, faults, quietMs) {
  await each(members, 'stop');
  faults.push(...(await recovered(members)));
  await sleep(quietMs);
  const from = now();
  for (let time = 0; time < 2; time += 1) await each(members, 'readAll');
  const to = now();
  for (const member of members) {
    await member.take();
    for (const { type, key, forMs } of member.open) {
      if (forMs > OPEN_MS) faults.push(`${member.name} ${type} ${key ?? ''} is open for ${Math.round(forMs)} ms`);
    }
  }
  return { from, to };
}

async function startMembers({ transport, instances, seed, options }, scene, truth) {
  const [channel, prefix] = [`chaos${process.pid}s${seed}`, `chaos${process.pid}:`];
  for (let at = 0; at < instances; at += 1) {
    const setup = { transport, channel, prefix, keys: KEYS, seed: seed * 100 + at, options };
    scene.members.push(new Member(`i${at}`, setup, truth));
  }
  const { broker, redis } = scene;
  await Promise.all(scene.members.map((member) => member.prepare({ bus: broker, redis })));
}

function optionsOf(random) {
  return {
    ttlMs: 600_000,
    distributedLock: { enabled: random.chance(50) },
    resilience: random.chance(50) ? { eventBusDownL1TtlMs: 500 } : {},
  };
}

/** What Redis may be instead of one server. */
const GROUPS = { sentinels: Sentinels, cluster: Cluster };

/** The server of the bus and that of the store; with Redis as the bus one is both. */
async function startServers(transport, group) {
  const redis = group === undefined ? undefined : await new GROUPS[group]().start();
  if (transport === 'redis' && redis !== undefined) return { broker: redis, redis };
  const broker = await TRANSPORTS[transport].server();
  return { broker, redis: redis ?? (transport === 'redis' ? broker : await redisServer()) };
}

async function conduct(scene, { seconds, chaosMs, quietMs, only }, report) {
  const { members, random } = scene;
  const end = now() + seconds * 1000;
  report.faults.push(...(await recovered(members)));
  do {
    const turnEnd = now() + Math.min(chaosMs, Math.max(0, end - now()));
    await each(members, 'start');
    await sleep(300);
    while (now() < turnEnd) {
      report.deeds.push(
        await strike(scene, Math.min(random.between(100, chaosMs / 2), Math.max(50, turnEnd - now())), only),
      );
      await sleep(random.between(50, 400));
    }
    report.quiet.push(await quiet(members, report.faults, quietMs));
  } while (now() < end);
}

/**
 * @typedef {object} How
 * @property {string} transport
 * @property {number} seconds
 * @property {number} seed
 * @property {'sentinels' | 'cluster'} [group] the servers that Redis is, of which others take over
 * @property {string[]} [only] the deeds that are done, by name; else all that are possible
 * @property {number} [instances]
 * @property {number} [chaosMs]
 * @property {number} [quietMs]
 */

/** @param {How} how */
export async function runChaos({
  transport,
  seconds,
  seed,
  group,
  only,
  instances = 3,
  chaosMs = 6000,
  quietMs = QUIET_MS,
}) {
  const random = new Random(seed);
  const options = optionsOf(random);
  const { broker, redis } = await startServers(transport, group);
  const truth = new Truth(KEYS);
  const scene = { members: [], broker, redis, random };
  const report = { faults: [], deeds: [], quiet: [] };
  try {
    await startMembers({ transport, instances, seed, options }, scene, truth);
    await conduct(scene, { seconds, chaosMs, quietMs, only }, report);
  } finally {
    await Promise.all(scene.members.map((member) => member.end()));
    for (const server of new Set([broker, redis])) await (server.end ?? server.kill).call(server);
  }
  const log = scene.members.flatMap(({ log }) => log);
  const checked = check(log, { truth: truth.versions, quiet: report.quiet, deeds: report.deeds });
  const faults = [...report.faults, ...scene.members.flatMap(({ crashes }) => crashes), ...checked.faults];
  return {
    transport,
    seed,
    group,
    instances,
    options,
    deeds: report.deeds,
    turns: report.quiet.length,
    ...checked,
    faults,
  };
}
