// Brokers that take no events for now: the connection stays, and events arrive over it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import amqp from 'amqplib';
import { connect as connectNats } from 'nats';
import { deferred, until } from '../support/deferred.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { threadsNamed } from '../support/threads.mjs';
import { freshName, instanceOn, TRANSPORTS } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
/** Within which events leave once the broker takes them again. Loose, for machines are busy. */
const SOON_MS = 25_000;
/** No call waits for a broker for as long. */
const PATIENCE_MS = 6000;

const event = (id) => ({ id, type: 'del', source: 'x', ts: Date.now(), keys: [id] });
const hears = ({ seen }, key) => seen.of('invalidation:received').some((told) => told.event.keys?.includes(key));
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

/** A way to a broker of RabbitMQ, an instance on it, and how many payloads of the exchange have a key. */
async function byProxy(t) {
  const server = await rabbitServer(t);
  const proxy = await proxyTo(t, server.port);
  const exchange = freshName('alarm');
  const a = await instanceOn(t, 'rabbitmq', `amqp://guest:guest@127.0.0.1:${proxy.port}`, exchange, 'a', {});
  const raw = await TRANSPORTS.rabbitmq.raw(server.url, exchange);
  t.after(() => raw.close());
  const payloads = [];
  await raw.listen((payload) => payloads.push(payload));
  return { server, proxy, a, count: (key) => payloads.filter((payload) => payload.includes(key)).length };
}

test('rabbitmq: while memory is short the connection stays, and each event leaves once', async (t) => {
  const { server, proxy, a, count } = await byProxy(t);
  await server.control('set_vm_memory_high_watermark', '0');
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
  const { server, proxy, a } = await byProxy(t);
  await server.control('set_vm_memory_high_watermark', '0');
  await deletes(a, 'first');
  const before = Date.now();
  await a.bus.disconnect();
  assert.ok(Date.now() - before < PATIENCE_MS, 'it does not wait for the broker');
  await until(() => threadsNamed('lapin-io-loop') === 0, 'the thread ends');
  assert.equal(proxy.connections, 1);
});

test('rabbitmq: a broker that confirms late costs no connection, and each event leaves once', async (t) => {
  const { proxy, a, count } = await byProxy(t);
  const held = deferred();
  proxy.onRequest = () => held.promise;
  await deletes(a, 'late');
  const { ok, error, connects, queued } = await a.bus.healthCheck();
  assert.deepEqual([ok, connects, queued], [false, 1, 1]);
  assert.match(error.message, /takes no events for now/);
  held.resolve();
  await until(() => isFlushed(a), 'it is confirmed', SOON_MS);
  await until(() => count('late') > 0, 'it arrives', SOON_MS);
  assert.deepEqual([count('late'), proxy.connections], [1, 1]);
});

test('rabbitmq: a full queue that refuses events costs no connection', async (t) => {
  const { url } = await rabbitServer(t);
  const exchange = freshName('full');
  const a = await instanceOn(t, 'rabbitmq', url, exchange, 'a', {});
  const b = await instanceOn(t, 'rabbitmq', url, exchange, 'b', {});
  const connection = await amqp.connect(url);
  connection.on('error', () => {});
  t.after(() => connection.close().catch(() => {}));
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('full', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
  channel.sendToQueue('full', Buffer.from('it is full'));
  await channel.waitForConfirms();
  await channel.bindQueue('full', exchange, '');

  await deletes(a, 'of a');
  await deletes(b, 'of b');
  await until(() => hears(a, 'of b'), 'the other is heard', SOON_MS);
  await sleep(5000);
  const { ok, error, connects, queued } = await a.bus.healthCheck();
  assert.deepEqual([ok, connects, queued], [false, 1, 1]);
  assert.match(error.message, /takes no events for now/);
  await deletes(b, 'later');
  await until(() => hears(a, 'later'), 'the other is still heard', SOON_MS);
  await channel.deleteQueue('full');
  await until(() => isFlushed(a), 'what waits leaves', SOON_MS);
  await until(() => hears(b, 'of a'), 'it arrives', SOON_MS);
  assert.equal((await a.bus.healthCheck()).connects, 1);
});

test('jetstream: a full stream costs no connection, and what it has is received', async (t) => {
  const { url } = await natsServer(t);
  const subject = freshName('full');
  const connection = await connectNats({ servers: url });
  t.after(() => connection.close().catch(() => {}));
  const { streams } = await connection.jetstreamManager();
  await streams.add({ name: `S_${subject}`, subjects: [subject], max_msgs: 1, discard: 'new' });
  const make = (instance) => TRANSPORTS.jetstream.bus(url, subject, { instance, ...QUIET });
  const [a, b] = ['a', 'b'].map(make);
  t.after(() => Promise.all([a.disconnect(), b.disconnect()]));
  await b.publish(event('of b'));

  // It is the first that the session sends.
  const heard = { a: [], b: [] };
  await assert.rejects(a.publish(event('of a')), /takes no events for now/);
  await a.subscribe(({ id }) => void heard.a.push(id));
  await b.subscribe(({ id }) => void heard.b.push(id));
  await until(() => heard.a.includes('of b'), 'what the stream has arrives', SOON_MS);
  await sleep(5000);
  const { ok, connects, queued } = await a.healthCheck();
  assert.deepEqual([ok, connects, queued, heard.a], [false, 1, 1, ['of b']]);
  await streams.purge(`S_${subject}`);
  await until(() => heard.b.includes('of a'), 'what waits leaves', SOON_MS);
  await until(() => isFlushed({ bus: a }), 'nothing waits', SOON_MS);
  assert.equal((await a.healthCheck()).connects, 1);
});
