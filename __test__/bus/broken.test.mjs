// Faults of one transport alone: topology that is deleted, logins that are wrong, events that are too large.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import amqp from 'amqplib';
import { connect as connectNats } from 'nats';
import { LazyLayersCache, NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { freePort } from '../support/servers/process.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const QUIET = { logging: { enabled: false } };
const NOTICED_MS = 20_000;

async function listening(t, transport, channel, options, cacheOptions) {
  const { url } = await servers.of(transport);
  const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, ...options });
  const cache = new LazyLayersCache({ eventBus: bus, source: freshName('i'), ...QUIET, ...cacheOptions });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  await bus.connect();
  await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  return { bus, cache, seen: record(cache), url };
}

async function rabbitChannel(t, url) {
  const connection = await amqp.connect(url);
  t.after(() => connection.close().catch(() => {}));
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return channel;
}

/** A key deleted right after the break is not served for long, and deletes reach the other again. */
async function recovers(a, b) {
  await a.cache.delete('old');
  await until(async () => !(await b.cache.has('old')), 'nothing old is served', NOTICED_MS);
  const key = freshName('again');
  await until(
    async () => {
      await a.cache.delete(key);
      return b.seen.of('invalidation:received').some(({ event }) => event.keys[0] === key);
    },
    'events arrive again',
    NOTICED_MS,
  );
}

for (const transport of ['rabbitmq', 'rabbitmq, durable']) {
  test(`${transport}: a queue that is deleted is declared again`, async (t) => {
    const channel = freshName('queue');
    const a = await listening(t, transport, channel);
    const b = await listening(t, transport, channel, { queueName: `${channel}.b`, exclusiveQueue: false });
    await b.cache.set('old', 1);
    await (await rabbitChannel(t, b.url)).deleteQueue(`${channel}.b`);
    await recovers(a, b);
  });

  test(`${transport}: an exchange that is deleted is declared and bound again`, async (t) => {
    const channel = freshName('exchange');
    const [a, b] = [await listening(t, transport, channel), await listening(t, transport, channel)];
    await a.cache.delete('before');
    await until(() => b.seen.of('invalidation:received').length === 1, 'it works');
    await b.cache.set('old', 1);
    await (await rabbitChannel(t, b.url)).deleteExchange(channel);
    await recovers(a, b);
  });
}

test('rabbitmq: a topic exchange brings the events of the routing key', async (t) => {
  const channel = freshName('topic');
  const topic = (routingKey) => ({ exchangeType: 'topic', routingKey });
  const users = await listening(t, 'rabbitmq', channel, topic('cache.users'));
  const posts = await listening(t, 'rabbitmq', channel, topic('cache.posts'));
  const all = await listening(t, 'rabbitmq', channel, topic('cache.*'));
  await users.cache.delete('u');
  await posts.cache.delete('p');
  await until(() => all.seen.of('invalidation:received').length === 2, 'both reach the one that takes all');
  assert.equal(posts.seen.of('invalidation:received').length, 0);
  assert.equal(users.seen.of('invalidation:received').length, 0);
});

test('rabbitmq: an exchange of another type is an error that says so', async (t) => {
  const channel = freshName('type');
  const { url } = await listening(t, 'rabbitmq', channel);
  const bus = new RabbitMQEventBus(channel, { url, exchangeType: 'topic', ...QUIET });
  t.after(() => bus.disconnect());
  await assert.rejects(bus.connect(), /RabbitMQ at 127\.0\.0\.1:\d+: PRECONDITION_FAILED - inequivalent arg 'type'/);
});

test('rabbitmq: the options become properties of queue and messages', async (t) => {
  const name = freshName('props');
  const { url } = await listening(t, 'rabbitmq, durable', name, { queueName: `${name}.q`, prefetch: 7 });
  const channel = await rabbitChannel(t, url);
  // Declared with other properties this would fail.
  await channel.assertExchange(name, 'fanout', { durable: true });
  await channel.assertQueue(`${name}.q`, { durable: true, exclusive: false, autoDelete: false });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, name, '');
  const bus = new RabbitMQEventBus(name, { url, durable: true, persistent: true, ...QUIET });
  t.after(() => bus.disconnect());
  await bus.publish({ id: '1', type: 'del', source: 'a', ts: 1, keys: ['k'] });
  const message = await until(() => channel.get(queue, { noAck: true }), 'it arrives');
  assert.equal(message.properties.deliveryMode, 2);
});

test('jetstream: a stream that is deleted is made again', async (t) => {
  const channel = freshName('stream');
  // The server may still delete the files of a stream when it is made again.
  const options = { jetstream: { storage: 'memory' } };
  const [a, b] = [await listening(t, 'jetstream', channel, options), await listening(t, 'jetstream', channel, options)];
  await a.cache.delete('before');
  await until(() => b.seen.of('invalidation:received').length === 1, 'it works');
  await b.cache.set('old', 1);
  const connection = await connectNats({ servers: b.url });
  t.after(() => connection.close());
  await (await connection.jetstreamManager()).streams.delete(`S_${channel}`);
  await recovers(a, b);
});

test('jetstream: stream and consumer are made as the options say', async (t) => {
  const channel = freshName('config');
  const jetstream = { storage: 'memory', maxAgeMs: 60_000, maxMsgs: 500, ackWaitMs: 5000, maxDeliver: 4 };
  const { url } = await listening(t, 'jetstream', channel, { instance: 'mine', jetstream });
  const connection = await connectNats({ servers: url });
  t.after(() => connection.close());
  const { streams, consumers } = await connection.jetstreamManager();
  const { config: stream } = await streams.info(`S_${channel}`);
  const { config: consumer } = await consumers.info(`S_${channel}`, 'mine');
  assert.deepEqual(
    [stream.subjects, stream.storage, stream.max_age, stream.max_msgs],
    [[channel], 'memory', 60e9, 500],
  );
  const { ack_policy, deliver_policy, ack_wait, max_deliver, durable_name } = consumer;
  assert.deepEqual(
    [ack_policy, deliver_policy, ack_wait, max_deliver, durable_name],
    ['explicit', 'all', 5e9, 4, 'mine'],
  );
});

test('jetstream: a missing stream or consumer that is not to be made is an error that names it', async (t) => {
  const { url } = await servers.of('jetstream');
  const make = (subject, jetstream) => {
    const bus = TRANSPORTS.jetstream.bus(url, subject, { ...QUIET, instance: 'me', jetstream });
    t.after(() => bus.disconnect());
    return bus;
  };
  const subject = freshName('absent');
  await assert.rejects(make(subject, { ensureStream: false }).connect(), new RegExp(`the stream "S_${subject}"`));
  const bus = make(subject, { ensureConsumer: false });
  await bus.connect();
  await bus.subscribe(() => {});
  assert.match((await bus.healthCheck()).error.message, /the consumer "me"/);
});

test('an event that fails again and again is given up after maxDeliver deliveries', async (t) => {
  const { url } = await servers.of('jetstream');
  const subject = freshName('poison');
  const bus = TRANSPORTS.jetstream.bus(url, subject, { ...QUIET, jetstream: { maxDeliver: 2 } });
  t.after(() => bus.disconnect());
  const given = [];
  await bus.subscribe((event) => {
    given.push(event.id);
    if (event.id === 'poison') throw new Error('never');
  });
  const event = (id) => ({ id, type: 'del', source: 'a', ts: 1, keys: ['k'] });
  await bus.publish(event('poison'));
  await bus.publish(event('fine'));
  await until(() => given.filter((id) => id === 'poison').length === 6, 'twice three attempts', NOTICED_MS);
  assert.equal(given.filter((id) => id === 'fine').length, 1);
});

test('wrong logins are told, without the password, and cured by nothing but the right one', async (t) => {
  const redis = await redisServer(t, ['--requirepass', 'right']);
  const nats = await natsServer(t, 'authorization { user: u, password: right }');
  const rabbit = await servers.of('rabbitmq');
  const wrong = [
    new RedisEventBus(redis.url.replace('//', '//:secret@'), 'c', QUIET),
    new NatsEventBus({ connectionOptions: { servers: nats.url, user: 'u', pass: 'secret' }, ...QUIET }),
    new RabbitMQEventBus('c', { url: rabbit.url.replace('guest:guest', 'guest:secret'), ...QUIET }),
  ];
  const reasons = [/refused the user name or password|WRONGPASS/, /authorization violation/i, /ACCESS_REFUSED/];
  for (const [at, bus] of wrong.entries()) {
    t.after(() => bus.disconnect());
    await assert.rejects(
      bus.connect(),
      (error) => reasons[at].test(error.message) && !error.message.includes('secret'),
    );
    assert.equal((await bus.healthCheck()).ok, false);
  }
  const right = [
    new RedisEventBus({ port: redis.port, password: 'right' }, 'c', QUIET),
    new NatsEventBus({ connectionOptions: { servers: nats.url, user: 'u', pass: 'right', name: 'me' }, ...QUIET }),
  ];
  for (const bus of right) {
    await bus.connect();
    await bus.disconnect();
  }
});

test('nobody there: connecting says so, and goes on in the background', async (t) => {
  const port = await freePort();
  const bus = new RedisEventBus(`redis://127.0.0.1:${port}`, 'c', QUIET);
  t.after(() => bus.disconnect());
  await assert.rejects(bus.connect(), /no connection to Redis at 127\.0\.0\.1/);
  const event = { id: '1', type: 'del', source: 'a', ts: 1, keys: ['k'] };
  await assert.rejects(bus.publish(event), /no connection to Redis/);
  await redisServer(t, [], port);
  await until(async () => (await bus.healthCheck()).ok, 'it is found', NOTICED_MS);
  await until(async () => (await bus.healthCheck()).queued === 0, 'what waited is sent', NOTICED_MS);
});

for (const transport of ['nats', 'jetstream']) {
  test(`${transport}: an event that is too large is refused, and those after it are sent`, async (t) => {
    const channel = freshName('large');
    const unbounded = { broadcastSetMaxBytes: Number.POSITIVE_INFINITY };
    const [a, b] = [await listening(t, transport, channel, {}, unbounded), await listening(t, transport, channel)];
    const event = (id, value) => ({ id, type: 'set', source: 'x', ts: 1, keys: [id], value });
    const sent = [event('small', 'x'), event('large', randomBytes(2_000_000)), event('next', 'y')].map((one) =>
      a.bus.publish(one),
    );
    const [small, large, next] = await Promise.allSettled(sent);
    assert.deepEqual([small.status, next.status], ['fulfilled', 'fulfilled']);
    assert.match(
      large.reason.message,
      /the event is too large for NATS: 2\d{6} bytes, more than 1048576 \(max_payload\)/,
    );
    await until(() => b.seen.of('set:received').length === 2, 'the others arrive');
    // A value that is too large to be sent says nothing of the bus: its circuit stays closed.
    for (let at = 0; at < 5; at += 1) await a.cache.getOrSet(`large${at}`, async () => randomBytes(2_000_000));
    assert.deepEqual(
      a.seen.of('event-bus:publish-error').map(({ state }) => state),
      Array(5).fill('closed'),
    );
    assert.equal((await a.bus.healthCheck()).queued, 0);
    await a.cache.delete('k');
    await until(
      () => b.seen.of('invalidation:received').some(({ event: { type } }) => type === 'del'),
      'the delete arrives',
    );
    assert.deepEqual(b.seen.of('bus:gap'), [], 'who misses a value has missed nothing');
  });
}

test('redeliveries without end are ignored, once their ids are known', async (t) => {
  const channel = freshName('storm');
  const { cache, seen, url } = await listening(t, 'rabbitmq', channel);
  const raw = await TRANSPORTS.rabbitmq.raw(url, channel);
  t.after(() => raw.close());
  const { serialize } = await import('../../index.mjs');
  const payload = serialize({ id: 'same', type: 'del', source: 'x', ts: 1, keys: ['k'] });
  for (let times = 0; times < 2000; times += 1) await raw.publish(payload);
  await until(() => seen.of('invalidation:duplicate').length === 1999, 'all but one are duplicates');
  assert.equal(seen.of('invalidation:received').length, 1);
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), 'v');
});
