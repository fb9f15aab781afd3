// What is done to servers, connections and processes. Each deed gives what heals it.
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock.mjs';

const proxiesOf = (member, kind) => (kind === 'bus' ? member.busProxy : member.redisProxy);

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

/** By name: the deed, which gives a function that heals it. @type {Record<string, (scene: Scene, one: any, kind: 'bus' | 'redis') => any>} */
export const DEEDS = {
  'kill the broker': async ({ broker }) => {
    await broker.kill();
    return () => broker.start();
  },
  'pause the broker': ({ broker }) => {
    broker.pause();
    return () => broker.resume();
  },
  'kill Redis': async ({ redis }) => {
    await redis.kill();
    return () => redis.start();
  },
  'pause Redis': ({ redis }) => {
    redis.pause();
    return () => redis.resume();
  },
  'cut': (_scene, one, kind) => {
    proxiesOf(one, kind).cut();
    return () => {};
  },
  'cut off': (_scene, one, kind) => {
    const proxy = proxiesOf(one, kind);
    proxy.refuses = true;
    proxy.cut();
    return () => (proxy.refuses = false);
  },
  'black hole': (_scene, one, kind) => narrowed(proxiesOf(one, kind), { isHole: true }, { isHole: false }),
  'black hole for requests': (_scene, one, kind) => narrowed(proxiesOf(one, kind), { losesRequests: true }, { losesRequests: false }),
  'black hole for answers': (_scene, one, kind) => narrowed(proxiesOf(one, kind), { answerBytes: 0 }, { answerBytes: Number.POSITIVE_INFINITY }),
  'slow answers': (_scene, one, kind) => {
    const proxy = proxiesOf(one, kind);
    proxy.latencyMs = 20;
    return () => (proxy.latencyMs = 0);
  },
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

/** Does one deed for a while, and heals it. Gives what was done, when, and which process stood still meanwhile. */
export async function strike(scene, forMs) {
  const { random, members } = scene;
  const name = random.pick(Object.keys(DEEDS));
  const [one, kind] = [random.pick(members), random.pick(['bus', 'redis'])];
  const isOfOne = !/broker|Redis/.test(name);
  const from = now();
  const heal = await DEEDS[name](scene, one, kind);
  await sleep(forMs);
  await heal();
  const where = name.includes('process') ? one.name : `${one.name}'s ${kind}`;
  const paused = name === 'pause a process' ? one.name : undefined;
  return { name: isOfOne ? `${name}: ${where}` : name, from, to: now(), paused };
}
