// Values of peers beside invalidations, over real brokers: one whose load began before an invalidation is kept by
// nobody, not where it was invalidated either. Answers of the broker are held back, so that a loader hears late of what
// is invalidated elsewhere; it ends its load once the broker has the invalidation. ORDER_ROUNDS=1000 runs so many
// rounds.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { heldLoader, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { joined } from '../support/joined.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const QUIET = { logging: { enabled: false } };
const ROUNDS = Number(process.env.ORDER_ROUNDS ?? 40);
/** Rounds at a time. */
const BATCH = 40;
/** Milliseconds for which the broker's answers are held back. */
const LATE_MS = 150;

/** Instances that hear each other late, and a client that hears at once. */
async function world(t, transport, count, options = () => ({})) {
  const { url } = await servers.of(transport);
  const channel = freshName('order');
  const proxy = await proxyTo(t, Number(new URL(url).port));
  const { host } = new URL(url);
  const late = url.replace(host, `127.0.0.1:${proxy.port}`);
  const instances = [];
  for (let at = 0; at < count; at += 1) {
    const bus = TRANSPORTS[transport].bus(late, channel, QUIET);
    t.after(() => bus.disconnect());
    await bus.connect();
    const cache = new LazyLayersCache({ eventBus: bus, source: `i${at}`, ...QUIET, ...options(at) });
    instances.push({ bus, cache, name: options(at).name, seen: record(cache) });
    await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  }
  const raw = await TRANSPORTS[transport].raw(url, channel);
  t.after(() => raw.close());
  const heard = [];
  await raw.listen((payload) => heard.push(payload.toString('latin1')));
  proxy.latencyMs = LATE_MS;
  return { instances, heard };
}

/**
 * Runs rounds in batches. The round is given its keys. Copies of old values that are left are counted. A busy broker is
 * sent no values, as they do not wait: then there are more rounds.
 */
async function rounds(t, instances, round, refused = 'set') {
  const isValue = ({ eventType }) => eventType === refused;
  const refusals = () => instances.map(({ seen }) => seen.of('invalidation:stale').filter(isValue).length);
  const isHeld = () => refusals().some((count) => count > 0);
  let [wrong, done] = [0, 0];
  while (done < ROUNDS || (!isHeld() && done < 5 * ROUNDS)) {
    // None is the beginning of another.
    const keys = Array.from({ length: Math.min(BATCH, ROUNDS) }, () => `${freshName('k')}.`);
    await round(keys);
    await settled(instances);
    for (const { cache } of instances) {
      for (const key of keys) wrong += Number((await cache.get(key)) === 'old');
    }
    done += keys.length;
  }
  t.diagnostic(`${wrong} of ${done} rounds left an old value; values refused by each instance: ${refusals()}`);
  assert.equal(wrong, 0);
  assert.ok(isHeld(), 'no race was held open');
}

/** Waits until all that was sent has arrived everywhere. */
async function settled(instances) {
  for (const { cache, name } of instances) {
    const peers = instances.filter((other) => other.name === name);
    const mark = freshName('mark');
    for (const peer of peers) await peer.cache.set(mark, true);
    await cache.delete(mark);
    for (const peer of peers) await until(async () => !(await peer.cache.has(mark)), 'the mark arrives');
  }
}

/** Tests that hold on each transport. */
const CASES = {
  'a value of a load from before a pattern': async (t, transport) => {
    const { instances, heard } = await world(t, transport, 3);
    const [loader, clearer] = instances;
    await rounds(t, instances, async (keys) => {
      const prefix = freshName('p');
      const held = keys.map(() => heldLoader());
      const loads = keys.map((key, at) => loader.cache.getOrSet(`${prefix}:${key}`, held[at]));
      await Promise.all(held.map(({ called }) => called));
      const cleared = clearer.cache.deleteByPattern(`${prefix}:*`);
      await until(() => heard.some((event) => event.includes(`${prefix}:*`)), 'the broker has the pattern');
      for (const { resolve } of held) resolve('old');
      await Promise.all([cleared, ...loads]);
    });
  },

  'a value of a load from before clear': async (t, transport) => {
    const { instances, heard } = await world(t, transport, 3);
    const [loader, clearer] = instances;
    await rounds(t, instances, async (keys) => {
      const held = keys.map(() => heldLoader());
      const loads = keys.map((key, at) => loader.cache.getOrSet(key, held[at]));
      await Promise.all(held.map(({ called }) => called));
      const before = heard.length;
      const cleared = clearer.cache.clear();
      await until(() => heard.slice(before).some((event) => event.includes('pattern')), 'the broker has it');
      for (const { resolve } of held) resolve('old');
      await Promise.all([cleared, ...loads]);
    });
  },

  'a value between two deletes of the same key': async (t, transport) => {
    const { instances, heard } = await world(t, transport, 3);
    const [loader, deleter] = instances;
    await rounds(t, instances, async (keys) => {
      const deleted = keys.map((key) => loader.cache.delete(key));
      const held = keys.map(() => heldLoader());
      const loads = keys.map((key, at) => loader.cache.getOrSet(key, held[at]));
      await Promise.all(held.map(({ called }) => called));
      const again = keys.map((key) => deleter.cache.delete(key));
      const sent = (key) => heard.filter((event) => event.includes('del') && event.includes(key)).length;
      const ended = keys.map(async (key, at) => {
        await until(() => sent(key) >= 2, 'the broker has both');
        held[at].resolve('old');
      });
      await Promise.all([...ended, ...deleted, ...again, ...loads]);
    });
  },

  'an extension by a load from before it expires elsewhere': async (t, transport) => {
    const failSafe = { enabled: true, staleTtlMs: 60_000 };
    const { instances, heard } = await world(t, transport, 3, () => ({ failSafe }));
    const [loader, deleter, third] = instances;
    for (const { cache } of [deleter, third]) await joined(loader.cache, cache);
    const round = async (keys) => {
      // Each loads it: a busy broker is sent no values.
      for (const { cache } of instances) await Promise.all(keys.map((key) => cache.getOrSet(key, () => 'old')));
      await Promise.all(keys.map((key) => loader.cache.expire(key)));
      for (const { cache } of instances) {
        await until(() => keys.every((key) => cache.peek(key) === undefined), 'it has expired everywhere');
      }
      const held = keys.map(() => heldLoader());
      const extend = (at) => async (context) => (await held[at](context), context.notModified());
      const loads = keys.map((key, at) => loader.cache.getOrSet(key, extend(at)));
      await Promise.all(held.map(({ called }) => called));
      const before = heard.length;
      const again = keys.map((key) => deleter.cache.expire(key));
      const sent = (key) => heard.slice(before).some((event) => event.includes(key));
      await until(() => keys.every(sent), 'the broker has them');
      for (const { resolve } of held) resolve();
      await Promise.all([...again, ...loads]);
    };
    await rounds(t, instances, round, 'del');
  },
};

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, () => {
    for (const [what, holds] of Object.entries(CASES)) test(what, (t) => holds(t, transport));
  });
}

test('two caches with names on one bus: each refuses values that its peers have invalidated', async (t) => {
  const names = ['users', 'products'];
  const { instances, heard } = await world(t, 'redis', 4, (at) => ({ name: names[at % 2] }));
  const [loader, other, clearer] = instances;
  await rounds(t, instances, async (keys) => {
    const held = keys.map(() => heldLoader());
    const loads = keys.map((key, at) => (at % 2 === 0 ? loader : other).cache.getOrSet(key, held[at]));
    await Promise.all(held.map(({ called }) => called));
    const before = heard.length;
    const cleared = clearer.cache.clear();
    await until(() => heard.slice(before).some((event) => event.includes('pattern')), 'the broker has it');
    for (const [at, { resolve }] of held.entries()) resolve(at % 2 === 0 ? 'old' : 'kept');
    await Promise.all([cleared, ...loads]);
  });
});

test('jetstream: a value that was not acknowledged comes again after a pattern', async (t) => {
  const server = await natsServer(t);
  const channel = freshName('again');
  const { connect, AckPolicy } = await import('nats');
  const connection = await connect({ servers: server.url });
  t.after(() => connection.close());
  const make = async (durable) => {
    const bus = TRANSPORTS.jetstream.bus(server.url, channel, { ...QUIET, instance: durable });
    t.after(() => bus.disconnect());
    await bus.connect();
    const cache = new LazyLayersCache({ eventBus: bus, ...QUIET });
    await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
    return { bus, cache, seen: record(cache) };
  };
  const sender = await make('sender');
  const manager = await connection.jetstreamManager();
  const config = { durable_name: 'killed', ack_policy: AckPolicy.Explicit, ack_wait: 1e9, max_deliver: 10 };
  await manager.consumers.add(`S_${channel}`, config);
  const keys = Array.from({ length: Math.min(ROUNDS, 100) }, () => freshName('k'));
  for (const key of keys) await sender.cache.getOrSet(key, () => 'old');
  await sender.cache.deleteByPattern('k*');
  // The instance that is killed has handled the pattern, and none of the values.
  const consumer = await connection.jetstream().consumers.get(`S_${channel}`, 'killed');
  for await (const message of await consumer.fetch({ max_messages: keys.length + 1, expires: 5000 })) {
    if (Buffer.from(message.data).includes('pattern')) await message.ackAck();
    if (message.info.streamSequence === keys.length + 1) break;
  }
  const successor = await make('killed');
  await until(() => successor.seen.of('invalidation:received').length >= keys.length, 'the values come again');
  let wrong = 0;
  for (const key of keys) wrong += Number((await successor.cache.get(key)) === 'old');
  t.diagnostic(`${wrong} of ${keys.length} values that came again are served`);
  assert.equal(wrong, 0);
  await sender.cache.getOrSet('new', () => 'value');
  await until(async () => (await successor.cache.get('new')) === 'value', 'what is new is kept');
});
