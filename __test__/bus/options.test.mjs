import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserialize, LazyLayersCache, NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { turns, until } from '../support/deferred.mjs';
import { runFixture } from '../support/run-node.mjs';

const invalid =
  (pattern, name = /RangeError|TypeError/) =>
  (error) =>
    error.code.startsWith('INVALID_') && pattern.test(error.message) && name.test(error.name);
const redis =
  (options, channel = 'c', server = 'redis://127.0.0.1:1') =>
  () =>
    new RedisEventBus(server, channel, options);
const rabbit =
  (options, exchange = 'e') =>
  () =>
    new RabbitMQEventBus(exchange, options);
const nats = (options) => () => new NatsEventBus(options);
const connection = (connectionOptions) => nats({ connectionOptions });

const REFUSED = {
  'a channel that is none': [redis({}, ''), /channel must be a string that is not empty, got ""/],
  'a Redis that is none': [redis({}, 'c', 5), /redis must be a client of ioredis or of redis .*, a URL, or .*, got 5/],
  'options that are none': [redis('x'), /option "options" must be an object, got "x"/],
  handlerConcurrency: [
    redis({ handlerConcurrency: 0 }),
    /option "handlerConcurrency" must be an integer from 1 to 1000, got 0/,
  ],
  'retryQueue.maxSize': [
    redis({ retryQueue: { maxSize: -1 } }),
    /option "retryQueue.maxSize" must be an integer, 0 or more .*, got -1/,
  ],
  'retryQueue.enabled': [
    rabbit({ retryQueue: { enabled: 'no' } }),
    /option "retryQueue.enabled" must be true or false, got "no"/,
  ],
  retryQueue: [nats({ retryQueue: 5 }), /option "retryQueue" must be an object, got 5/],
  'logging.env': [redis({ logging: { env: 'prod' } }), /option "logging.env" must be one of/],
  'an exchange that is none': [rabbit({}, null), /exchange must be a string that is not empty, got null/],
  'a URL that is none': [rabbit({ url: 'localhost' }), /option "url" must be a URL such as amqp:\/\//],
  'a URL of another kind': [
    rabbit({ url: 'http://user:secret@host' }),
    /option "url" must be a URL such as amqp:\/\/.*got "http:\/\/…@host"/,
  ],
  'a URL whose password has a slash and an @': [
    rabbit({ url: 'amqp://user:sec/r@et@host:port' }),
    /option "url" .*got "amqp:\/\/…@host:port"/,
  ],
  'a URL without a scheme': [rabbit({ url: 'user:secret@host' }), /option "url" .*got "…@host"/],
  'a server whose password has a slash': [
    connection({ servers: 'user:sec/ret@host:port' }),
    /option "connectionOptions.servers" .*got "…@host:port"/,
  ],
  'half a character in a channel': [redis({}, 'a\ud800'), /option "channel" must be a string of whole characters/],
  'half a character in an exchange': [rabbit({}, 'a\ud800'), /option "exchange" must be a string of whole characters/],
  'half a character in a URL': [
    rabbit({ url: 'amqp://u:p\ud800@host' }),
    /option "url" must be a string of whole characters, got "\(hidden\)"/,
  ],
  'half a character in a subject': [nats({ subject: 'a\ud800' }), /option "subject" must be a string of whole/],
  exchangeType: [
    rabbit({ exchangeType: 'queue' }),
    /option "exchangeType" must be one of "fanout", "topic", "direct", "headers", got "queue"/,
  ],
  prefetch: [rabbit({ prefetch: 70_000 }), /option "prefetch" must be an integer from 0 to 65535, got 70000/],
  queueName: [rabbit({ queueName: 5 }), /option "queueName" must be a string, got 5/],
  mode: [nats({ mode: 'stream' }), /option "mode" must be one of "core", "jetstream", got "stream"/],
  subject: [nats({ subject: 'a.>' }), /option "subject" must be a subject without spaces and wildcards, got "a.>"/],
  connection: [nats({ connection: {} }), /option "connection" must be a connection of the package "nats"/],
  'jetstream.storage': [
    nats({ mode: 'jetstream', jetstream: { storage: 'disk' } }),
    /option "jetstream.storage" must be one of "file", "memory", got "disk"/,
  ],
  'jetstream.durableName': [
    nats({ mode: 'jetstream', jetstream: { durableName: 'a.b' } }),
    /option "jetstream.durableName" must be a name without/,
  ],
  'jetstream.ackWaitMs': [
    nats({ mode: 'jetstream', jetstream: { ackWaitMs: 0 } }),
    /option "jetstream.ackWaitMs" must be a number of milliseconds above 0, got 0/,
  ],
  'jetstream.maxMsgs': [
    nats({ mode: 'jetstream', jetstream: { maxMsgs: -2 } }),
    /option "jetstream.maxMsgs" must be an integer from -1/,
  ],
  'servers that are none': [connection({ servers: [] }), /option "connectionOptions.servers" must be a server/],
  'a server of another kind': [
    connection({ servers: 'ws://host' }),
    /option "connectionOptions.servers" must be a server such as/,
  ],
  'an option of nats.connect() that cannot be honoured': [
    connection({ reconnectDelayHandler: () => 5 }),
    /option "connectionOptions.reconnectDelayHandler" must be left out/,
  ],
  'an authenticator that signs': [
    connection({ authenticator: () => ({ nkey: 'U', sig: 's' }) }),
    /option "connectionOptions.authenticator" must be .*"creds" or "nkey"/,
  ],
  'TLS options that are not known': [
    connection({ tls: { ciphers: 'x' } }),
    /option "connectionOptions.tls.ciphers" must be left out/,
  ],
};

for (const [what, [make, pattern]] of Object.entries(REFUSED)) {
  test(`refused, by name: ${what}`, () => {
    assert.throws(make, invalid(pattern));
  });
}

test('a missing option is told before any network is used', async () => {
  const stream = new NatsEventBus({ mode: 'jetstream' });
  const queue = new RabbitMQEventBus('e');
  const event = { id: '1', type: 'del', source: 'a', ts: 1, keys: ['k'] };
  for (const [bus, pattern, transport] of [
    [stream, /durableName/, 'nats'],
    [queue, /URL/, 'rabbitmq'],
  ]) {
    await assert.rejects(bus.connect(), pattern);
    await assert.rejects(bus.publish(event), pattern);
    await assert.rejects(
      bus.subscribe(() => {}),
      pattern,
    );
    const health = await bus.healthCheck();
    assert.deepEqual([health.ok, health.transport], [false, transport]);
    assert.match(health.error.message, pattern);
  }
  await assert.rejects(queue.init('nonsense'), invalid(/option "url"/));
});

test('arguments that are none are refused', async () => {
  const bus = redis({ logging: { enabled: false } })();
  await assert.rejects(bus.publish(undefined), invalid(/event must be an object, got undefined/));
  await assert.rejects(bus.subscribe('x'), invalid(/handler must be a function, got "x"/));
  await bus.disconnect();
});

test('an object with no more than the methods that a bus calls is driven through them', async () => {
  const sent = [];
  let hear;
  const subscriber = {
    on: (name, listener) => {
      if (name === 'messageBuffer') hear = listener;
    },
    subscribe: async (channel) => void sent.push(['subscribe', channel]),
    unsubscribe: async () => {},
    disconnect: () => void sent.push(['disconnect']),
  };
  const client = {
    publish: async (channel, payload) => {
      sent.push(['publish', channel]);
      hear(Buffer.from(channel), payload);
      return 1;
    },
    duplicate: () => subscriber,
    ping: async () => 'PONG',
  };
  const bus = new RedisEventBus(client, 'c');
  const heard = [];
  await bus.connect();
  await bus.subscribe((event) => void heard.push(event));
  const event = { id: '1', type: 'del', source: 'a', ts: 1, keys: ['k'] };
  await bus.publish(event);
  await turns();
  assert.deepEqual(heard, [event]);
  assert.equal((await bus.healthCheck()).ok, true);
  await bus.disconnect();
  assert.deepEqual(sent, [['subscribe', 'c'], ['publish', 'c'], ['disconnect']]);
});

/** A bus on a given client that is down until it is mended, and the ids of the events that the client took. */
function busOnFailing(retryQueue) {
  const sent = [];
  let fails = true;
  const publish = async (_channel, payload) => {
    if (fails) throw new Error('down');
    sent.push(deserialize(payload).id);
  };
  const client = { publish, duplicate: () => ({}) };
  const bus = new RedisEventBus(client, 'c', { retryQueue, logging: { enabled: false } });
  const mend = () => {
    fails = false;
  };
  return { bus, sent, mend };
}

const deleteOf = (id) => ({ id, type: 'del', source: 'a', ts: 1, keys: ['k'] });

test('events that a given client does not take wait, and are sent in order once it does', async () => {
  const { bus, sent, mend } = busOnFailing({ maxSize: 2 });
  for (const id of ['1', '2', '3']) await assert.rejects(bus.publish(deleteOf(id)), /down/);
  mend();
  await until(() => sent.length === 2, 'what waits is sent without another event');
  await bus.publish(deleteOf('4'));
  assert.deepEqual(sent, ['2', '3', '4']);
});

test('without a queue an event that a given client does not take is lost', async () => {
  const { bus, sent, mend } = busOnFailing({ maxSize: 0 });
  for (const id of ['1', '2']) await assert.rejects(bus.publish(deleteOf(id)), /down/);
  mend();
  const { queued, dropped } = await bus.healthCheck();
  assert.deepEqual([queued, dropped], [0, 0]);
  await until(async () => (await bus.healthCheck()).ok, 'it is tried again');
  await bus.publish(deleteOf('3'));
  await bus.disconnect();
  assert.deepEqual(sent, ['3']);
});

test('authenticators of tokens and passwords are understood', async () => {
  const make = (authenticator) => new NatsEventBus({ connectionOptions: { authenticator } });
  make([() => ({ user: 'u', pass: 'p' }), () => ({ auth_token: 't' })]);
  const { tokenAuthenticator, usernamePasswordAuthenticator } = await import('nats');
  make(tokenAuthenticator('t'));
  make(usernamePasswordAuthenticator('u', 'p'));
});

test('a bus object of a class of its own, or with a method replaced, is used through its methods', async () => {
  const published = [];
  class Recorded extends RedisEventBus {
    async publish(event) {
      published.push(event.keys);
    }

    async subscribe() {}
  }
  const eventBus = new Recorded('redis://127.0.0.1:1', 'c');
  const cache = new LazyLayersCache({ eventBus });
  await cache.delete('k');
  assert.deepEqual(published, [['k']]);
});

test('a bus that is idle, or cannot reach its broker, keeps no process alive', async () => {
  const { stdout, code } = await runFixture('idle-buses.cjs');
  assert.deepEqual([stdout.trim(), code], ['deleted', 0]);
});

test('clients that are not used are not loaded', async () => {
  const { stdout } = await runFixture('buses-loaded.cjs');
  assert.equal(stdout.trim(), '0');
});
