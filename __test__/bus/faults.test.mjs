import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, TRANSPORTS } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
/** Within which a connection that hangs is given up, and one that can be had is made. Loose, for machines are busy. */
const NOTICED_MS = 25_000;

/** Two caches on a channel: the first publishes, the second has its bus at `url`. */
async function pair(t, transport, server, { url = server.url, options = {}, bus: busOptions = {} } = {}) {
  const channel = freshName('fault');
  const make = (at, instance) => TRANSPORTS[transport].bus(at, channel, { ...QUIET, instance, ...busOptions });
  const buses = [make(server.url, 'a'), make(url, 'b')];
  const [a, b] = buses.map((bus, at) => {
    const cache = new LazyLayersCache({ eventBus: bus, source: `i${at}`, ...QUIET, ...options });
    t.after(async () => {
      await cache.close();
      await bus.disconnect();
    });
    return { bus, cache, seen: record(cache) };
  });
  await Promise.all(buses.map((bus) => bus.connect()));
  for (const bus of buses) await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  return { a, b, channel };
}

/** A cache that only publishes, by way of a proxy, with that retry queue, and one that hears it. */
async function oneWay(t, transport, retryQueue) {
  const server = await TRANSPORTS[transport].server(t);
  const proxy = await proxyTo(t, server.port);
  const channel = freshName('queue');
  const make = (url, options) => {
    const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, ...options });
    t.after(() => bus.disconnect());
    return bus;
  };
  const sender = make(server.url.replace(String(server.port), String(proxy.port)), { instance: 'a', retryQueue });
  const receiver = make(server.url, { instance: 'b' });
  const publishing = new LazyLayersCache({ eventBus: sender, source: 'a', subscribeToEvents: false, ...QUIET });
  const hearing = new LazyLayersCache({ eventBus: receiver, source: 'b', ...QUIET });
  const a = { bus: sender, cache: publishing, seen: record(publishing) };
  const b = { bus: receiver, cache: hearing, seen: record(hearing) };
  await Promise.all([sender.connect(), receiver.connect()]);
  await until(async () => (await receiver.healthCheck()).subscribed, 'subscribed');
  return { a, b, proxy };
}

/** Cuts the proxy of a bus off, until the bus knows. */
async function cutOff({ bus }, proxy) {
  proxy.refuses = true;
  proxy.cut();
  await until(async () => !(await bus.healthCheck()).ok, 'the loss is noticed', NOTICED_MS);
}

const isConnected = (one, times) =>
  until(
    () => one.seen.of('bus:status').filter(({ status }) => status === 'connected').length >= times,
    'connected again',
    NOTICED_MS,
  );
const isLost = (one, times = 1) =>
  until(
    () => one.seen.of('bus:status').filter(({ status }) => status === 'disconnected').length >= times,
    'the loss is noticed',
    NOTICED_MS,
  );
/** The keys of deletes in the order they were applied. */
const deleted = (one) => one.seen.of('invalidation:received').map(({ event }) => event.keys[0]);
const keys = (prefix, count) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

/** After a loss: the gap of a volatile transport is healed; a durable one has delivered all. */
async function isHealed(one, transport, key) {
  if (!TRANSPORTS[transport].durable) {
    await until(() => one.seen.of('bus:gap').length > 0, 'the gap is seen', NOTICED_MS);
  }
  await until(async () => !(await one.cache.has(key)), `"${key}" is not served`, NOTICED_MS);
}

/** Tests that hold on each transport. */
const CASES = {
  'killed and restarted: events wait and are flushed in order, and nothing old is served': async (t, transport) => {
    const server = await TRANSPORTS[transport].server(t);
    const { a, b } = await pair(t, transport, server);
    for (const key of keys('k', 5)) await b.cache.set(key, 'old');
    await server.kill();
    await Promise.all([isLost(a), isLost(b)]);
    // More than the circuit lets through: they wait all the same.
    for (const key of keys('k', 5)) await a.cache.delete(key);
    assert.ok(a.seen.of('event-bus:publish-error').length >= 3 && a.seen.of('event-bus:publish-skipped').length >= 2);
    assert.equal((await a.bus.healthCheck()).queued, 5);
    await server.start();
    await Promise.all([isConnected(a, 2), isConnected(b, 2)]);
    await isHealed(b, transport, 'k0');
    // Whether those that were flushed before the other had subscribed arrive depends on the transport.
    const arrived = () => deleted(b).filter((key) => key.startsWith('k'));
    await a.cache.delete('last');
    await until(() => deleted(b).includes('last'), 'later events arrive', NOTICED_MS);
    assert.deepEqual(arrived(), keys('k', 5).slice(5 - arrived().length));
    if (TRANSPORTS[transport].durable) assert.deepEqual(arrived(), keys('k', 5));
    for (const key of keys('k', 5)) assert.equal(await b.cache.has(key), false);
    assert.equal((await a.bus.healthCheck()).queued, 0);
    assert.ok((await a.bus.healthCheck()).ok);
  },

  'paused for 10 s: publishers are told in time, and all is made up for': async (t, transport) => {
    const server = await TRANSPORTS[transport].server(t);
    const { a, b } = await pair(t, transport, server);
    await b.cache.set('k', 'old');
    server.pause();
    const paused = Date.now();
    await a.cache.delete('k');
    assert.ok(Date.now() - paused < 6000, 'a delete does not wait for the broker for long');
    for (let at = 0; at < 5; at += 1) await a.cache.delete(`more${at}`);
    await sleep(Math.max(0, 10_000 - (Date.now() - paused)));
    server.resume();
    await isHealed(b, transport, 'k');
    await until(async () => (await a.bus.healthCheck()).queued === 0, 'all is flushed', NOTICED_MS);
    await a.cache.delete('last');
    await until(() => deleted(b).includes('last'), 'later events arrive', NOTICED_MS);
  },

  'cut, and then half-open: noticed, and nothing old is served': async (t, transport) => {
    const server = await TRANSPORTS[transport].server(t);
    const proxy = await proxyTo(t, server.port);
    const url = server.url.replace(String(server.port), String(proxy.port));
    const { a, b } = await pair(t, transport, server, { url });
    await b.cache.set('k', 'old');
    proxy.refuses = true;
    proxy.cut();
    await isLost(b);
    await a.cache.delete('k');
    assert.equal(await b.cache.get('k'), 'old', 'nobody could tell it');
    proxy.refuses = false;
    await isConnected(b, 2);
    await isHealed(b, transport, 'k');

    await b.cache.set('h', 'old');
    b.seen.clear();
    proxy.isHole = true;
    await a.cache.delete('h');
    await isLost(b);
    proxy.isHole = false;
    proxy.cut();
    await isHealed(b, transport, 'h');
    await a.cache.delete('last');
    await until(() => deleted(b).includes('last'), 'later events arrive', NOTICED_MS);
  },

  'with a full queue the oldest make room, and receivers notice': async (t, transport) => {
    const { a, b, proxy } = await oneWay(t, transport, { maxSize: 3 });
    await a.cache.delete('first');
    await until(() => b.seen.of('invalidation:received').length === 1, 'it arrives');
    await b.cache.set('k0', 'old');
    await cutOff(a, proxy);
    for (const key of keys('k', 5)) await a.cache.delete(key);
    const { queued, dropped } = await a.bus.healthCheck();
    assert.deepEqual([queued, dropped], [3, 2]);
    proxy.refuses = false;
    await until(() => b.seen.of('bus:gap').length > 0, 'the gap is seen', NOTICED_MS);
    assert.deepEqual(b.seen.of('bus:gap'), [{ type: 'bus:gap', reason: 'sequence', missed: 2 }]);
    assert.equal(await b.cache.get('k0'), undefined, 'its delete was dropped');
    await until(() => deleted(b).length >= 4, 'the others arrive', NOTICED_MS);
    // The broker may have lost the last events it took: they are sent again.
    assert.deepEqual([...new Set(deleted(b))], ['first', 'k2', 'k3', 'k4']);
  },

  'without a queue what cannot be sent is told and lost': async (t, transport) => {
    const { a, b, proxy } = await oneWay(t, transport, { maxSize: 0 });
    await cutOff(a, proxy);
    // More than the circuit lets through.
    for (const key of keys('k', 5)) await a.cache.delete(key);
    assert.ok(a.seen.of('event-bus:publish-error').length >= 3);
    await assert.rejects(a.bus.publish({ id: 'k5', type: 'del', source: 'a', ts: Date.now(), keys: ['k5'] }));
    const { queued, dropped } = await a.bus.healthCheck();
    // None made room in a queue: there is none.
    assert.deepEqual([queued, dropped], [0, 0]);
    proxy.refuses = false;
    await until(async () => (await a.bus.healthCheck()).ok, 'it is back', NOTICED_MS);
    await a.cache.delete('last');
    await until(() => deleted(b).includes('last'), 'later events arrive', NOTICED_MS);
    assert.deepEqual(deleted(b), ['last']);
  },
};

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, { concurrency: 2 }, () => {
    for (const [what, holds] of Object.entries(CASES)) test(what, (t) => holds(t, transport));
  });
}

test('jetstream: no event goes to a session whose connection the server takes for open', async (t) => {
  const server = await TRANSPORTS.jetstream.server(t);
  const proxy = await proxyTo(t, server.port);
  const url = server.url.replace(String(server.port), String(proxy.port));
  const { a, b } = await pair(t, 'jetstream', server, { url });
  // Its session has asked for events.
  await a.cache.delete('first');
  await until(() => deleted(b).includes('first'), 'it arrives');
  await b.cache.set('h', 'old');
  proxy.abandon();
  await isLost(b);
  await isConnected(b, 2);
  await a.cache.delete('h');
  // The server would deliver it again after 30 s.
  await until(async () => !(await b.cache.has('h')), 'it arrives', 15_000);
});
