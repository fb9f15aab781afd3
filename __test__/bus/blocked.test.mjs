// Brokers that take no events for now: the connection stays, and events arrive over it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/deferred.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { threadsNamed } from '../support/threads.mjs';
import { freshName, instanceOn, TRANSPORTS } from './transports.mjs';

/** Within which events leave once the broker takes them again. Loose, for machines are busy. */
const SOON_MS = 25_000;
/** No call waits for a broker for as long. */
const PATIENCE_MS = 6000;

const isFlushed = async ({ bus }) => {
  const { ok, queued } = await bus.healthCheck();
  return ok && queued === 0;
};

/** Deletes a key, which has to end in time. */
async function deletes({ cache }, key) {
  const before = Date.now();
  await cache.delete(key);
  assert.ok(Date.now() - before < PATIENCE_MS, 'a delete does not wait for the broker for long');
}

/** A way to a broker, an instance on it, and all payloads of the exchange. */
async function alarmed(t) {
  const server = await rabbitServer(t);
  const proxy = await proxyTo(t, server.port);
  const exchange = freshName('alarm');
  const a = await instanceOn(t, 'rabbitmq', `amqp://guest:guest@127.0.0.1:${proxy.port}`, exchange, 'a', {});
  const raw = await TRANSPORTS.rabbitmq.raw(server.url, exchange);
  t.after(() => raw.close());
  const payloads = [];
  await raw.listen((payload) => payloads.push(payload));
  await server.control('set_vm_memory_high_watermark', '0');
  return { server, proxy, a, count: (key) => payloads.filter((payload) => payload.includes(key)).length };
}

test('rabbitmq: while memory is short the connection stays, and each event leaves once', async (t) => {
  const { server, proxy, a, count } = await alarmed(t);
  await deletes(a, 'first');
  await sleep(15_000);
  await deletes(a, 'second');
  const { ok, error, subscribed, initialized, connects, queued } = await a.bus.healthCheck();
  assert.deepEqual([ok, subscribed, initialized, connects, queued], [false, true, true, 1, 2]);
  assert.match(error.message, /takes no events for now/);
  assert.deepEqual([proxy.connections, threadsNamed('lapin-io-loop')], [1, threadsNamed('lapin-io-loop') && 1]);
  await server.control('set_vm_memory_high_watermark', '0.4');
  await until(() => isFlushed(a), 'what waits leaves', SOON_MS);
  await until(() => count('second') > 0, 'it arrives', SOON_MS);
  assert.deepEqual([count('first'), count('second')], [1, 1]);
  assert.deepEqual([a.seen.of('bus:gap'), a.seen.of('bus:status'), proxy.connections], [[], [], 1]);
});

test('rabbitmq: a bus that is disconnected while memory is short leaves nothing behind', async (t) => {
  const { proxy, a } = await alarmed(t);
  await deletes(a, 'first');
  const before = Date.now();
  await a.bus.disconnect();
  assert.ok(Date.now() - before < PATIENCE_MS, 'it does not wait for the broker');
  await until(() => threadsNamed('lapin-io-loop') === 0, 'the thread ends');
  assert.equal(proxy.connections, 1);
});
