// Faults of servers, connections and processes. Each deed returns a function that heals it.
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock.mjs';

function narrowed(proxy, how, undo) {
  Object.assign(proxy, how);
  return () => {
    Object.assign(proxy, undo);
    // Bytes are missing in what went over it.
    proxy.cut();
  };
}

/**
 * @typedef {object} Scene
 * @property {import('./member.mjs').Member[]} members
 * @property {any} broker the server of the bus
 * @property {any} redis that of the store; the same with the transport redis
 * @property {import('../model/random.mjs').Random} random
 */

/**
 * By name: the deed, which returns a function that heals it.
 * @typedef {Record<string, (scene: Scene, one: any, proxy: any) => any>} Deeds
 */

/** To servers that stand alone. @type {Deeds} */
const TO_BROKER = {
  'kill the broker': async ({ broker }) => {
    await broker.kill();
    return () => broker.start();
  },
  'pause the broker': ({ broker }) => {
    broker.pause();
    return () => broker.resume();
  },
};

/** @type {Deeds} */
const TO_REDIS = {
  'kill Redis': async ({ redis }) => {
    await redis.kill();
    return () => redis.start();
  },
  'pause Redis': ({ redis }) => {
    redis.pause();
    return () => redis.resume();
  },
};

/** To a Redis of which another server takes over. @type {Deeds} */
const TO_GROUP = {
  'fail over': async ({ redis }) => {
    await redis.failOver();
    return () => {};
  },
  'kill the master': ({ redis }) => redis.killMaster(),
  'pause the master': ({ redis }) => redis.pauseMaster(),
};

/** To one whose slots are on several servers. @type {Deeds} */
const TO_SLOTS = {
  'move slots': async ({ redis }) => {
    await redis.moveSlots();
    return () => {};
  },
};

/** @type {Deeds} */
const TO_CONNECTIONS = {
  cut: (_scene, _one, proxy) => {
    proxy.cut();
    return () => {};
  },
  'cut off': (_scene, _one, proxy) => {
    proxy.refuses = true;
    proxy.cut();
    return () => (proxy.refuses = false);
  },
  'black hole': (_scene, _one, proxy) => narrowed(proxy, { isHole: true }, { isHole: false }),
  'black hole for requests': (_scene, _one, proxy) =>
    narrowed(proxy, { losesRequests: true }, { losesRequests: false }),
  'black hole for answers': (_scene, _one, proxy) =>
    narrowed(proxy, { answerBytes: 0 }, { answerBytes: Number.POSITIVE_INFINITY }),
  'slow answers': (_scene, _one, proxy) => {
    proxy.latencyMs = 20;
    return () => (proxy.latencyMs = 0);
  },
};

/** @type {Deeds} */
const TO_PROCESSES = {
  'pause a process': (_scene, one) => {
    one.pause();
    return () => one.resume();
  },
  'kill a process': async (_scene, one) => {
    await one.take();
    await one.kill();
    return async () => {
      await one.spawn();
      await one.ask('start');
    };
  },
};

/** What may be done: to a group of servers as one, and to connections that go by a proxy. @param {Scene} scene */
function deedsFor({ broker, redis, members }, only) {
  const isGroup = redis.address !== undefined;
  const deeds = {
    ...(broker === redis && isGroup ? {} : TO_BROKER),
    ...(isGroup ? TO_GROUP : TO_REDIS),
    ...(redis.moveSlots === undefined ? {} : TO_SLOTS),
    ...(Object.keys(members[0].proxies).length > 0 ? TO_CONNECTIONS : {}),
    ...TO_PROCESSES,
  };
  return only === undefined ? deeds : Object.fromEntries(only.map((name) => [name, deeds[name]]));
}

/**
 * Does one deed for a while, and heals it. Gives what was done, when, and which process stood still meanwhile.
 * @param {Scene} scene
 * @param {number} forMs
 * @param {string[]} [only] names of deeds
 */
export async function strike(scene, forMs, only) {
  const { random, members } = scene;
  const deeds = deedsFor(scene, only);
  const name = random.pick(Object.keys(deeds));
  const one = random.pick(members);
  const kind = random.pick(Object.keys(one.proxies));
  const from = now();
  const heal = await deeds[name](scene, one, one.proxies[kind]);
  await sleep(forMs);
  await heal();
  const whom = name in TO_PROCESSES ? `: ${one.name}` : name in TO_CONNECTIONS ? `: ${one.name}'s ${kind}` : '';
  const paused = name === 'pause a process' ? one.name : undefined;
  return { name: `${name}${whom}`, from, to: now(), paused };
}
