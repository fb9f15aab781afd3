// Options about handlers and logs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import amqp from 'amqplib';
import { connect } from 'nats';
import { LazyLayersCache, NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred, turns, until } from '../support/deferred.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const QUIET = { logging: { enabled: false } };
const event = (id) => ({ id, type: 'del', source: 'x', ts: 1, keys: ['k'] });

test('handlerConcurrency is how many events a handler is given at a time', async (t) => {
  const server = await redisServer(t);
  for (const handlerConcurrency of [1, 3]) {
    const bus = new RedisEventBus(server.url, `c${handlerConcurrency}`, { handlerConcurrency, ...QUIET });
    t.after(() => bus.disconnect());
    const held = deferred();
    const given = [];
    await bus.subscribe(async ({ id }) => {
      given.push(id);
      await held.promise;
    });
    await Promise.all(['1', '2', '3', '4', '5'].map((id) => bus.publish(event(id))));
    await until(() => given.length >= handlerConcurrency, 'events arrive');
    await turns(20);
    assert.equal(given.length, handlerConcurrency);
    held.resolve();
    await until(() => given.length === 5, 'the others follow');
    assert.deepEqual(given, ['1', '2', '3', '4', '5']);
  }
});

test('prefetch is how many events the broker hands over unacknowledged', async (t) => {
  const server = await rabbitServer(t);
  const options = { url: server.url, queueName: 'prefetched', exclusiveQueue: false, prefetch: 2, ...QUIET };
  const bus = new RabbitMQEventBus('e', options);
  t.after(() => bus.disconnect());
  const held = deferred();
  const given = [];
  await bus.subscribe(async ({ id }) => {
    given.push(id);
    await held.promise;
  });
  await Promise.all(['1', '2', '3', '4', '5'].map((id) => bus.publish(event(id))));
  await until(() => given.length > 0, 'events arrive');
  const connection = await amqp.connect(server.url);
  connection.on('error', () => {});
  // The broker may have ended before: nobody waits for its answer.
  t.after(() => void connection.close().catch(() => {}));
  const channel = await connection.createChannel();
  await until(async () => (await channel.checkQueue('prefetched')).messageCount === 3, 'three wait at the broker');
  held.resolve();
  await until(() => given.length === 5, 'the others follow');
  await until(async () => (await channel.checkQueue('prefetched')).messageCount === 0, 'all are acknowledged');
});

test('failures of a bus are logged, unless logging is off', async (t) => {
  const lines = [];
  for (const level of ['info', 'warn', 'error']) t.mock.method(console, level, (...args) => lines.push(args.join(' ')));
  const server = await redisServer(t);
  const buses = [{}, { enabled: false }, { env: 'production' }].map(
    (logging) => new RedisEventBus(server.url, 'c', { logging }),
  );
  for (const bus of buses) {
    t.after(() => bus.disconnect());
    await bus.connect();
  }
  await server.kill();
  await until(
    async () => (await Promise.all(buses.map((bus) => bus.healthCheck()))).every(({ ok }) => !ok),
    'all have noticed',
  );
  await server.start();
  await until(
    async () => (await Promise.all(buses.map((bus) => bus.healthCheck()))).every(({ ok }) => ok),
    'all are back',
  );
  await until(() => lines.length === 3, 'two of them tell that it is down, one that it is back');
  const down = lines.filter((line) => /^\[ERROR\] the event bus is down: .*Redis at 127\.0\.0\.1/.test(line));
  assert.equal(down.length, 2);
  assert.equal(lines[2], '[INFO] the event bus is connected again');
});

test('a full retry queue is logged', async (t) => {
  const lines = [];
  t.mock.method(console, 'warn', (...args) => lines.push(args.join(' ')));
  const eventBus = new RedisEventBus('redis://127.0.0.1:1', 'c', {
    retryQueue: { maxSize: 2 },
    logging: { enabled: true },
  });
  t.after(() => eventBus.disconnect());
  const cache = new LazyLayersCache({ eventBus, ...QUIET });
  await eventBus.connect().catch(() => {});
  for (let at = 0; at < 5; at += 1) await cache.delete(`k${at}`);
  await until(
    () =>
      lines.some((line) => line.includes('the retry queue of the event bus is full: 1 of the oldest events dropped')),
    'it is told',
  );
  assert.deepEqual([(await eventBus.healthCheck()).queued, (await eventBus.healthCheck()).dropped], [2, 3]);
});

/** How many events a durable queue or consumer has that are not acknowledged, or not delivered. */
const LEFT = {
  'rabbitmq, durable': async (url, channel) => {
    const connection = await amqp.connect(url);
    const { messageCount } = await (await connection.createChannel()).checkQueue(`${channel}.one`);
    await connection.close();
    return messageCount;
  },
  jetstream: async (url, channel) => {
    const connection = await connect({ servers: url });
    const { consumers } = await connection.jetstreamManager();
    const { num_ack_pending: pending, num_pending: waiting } = await consumers.info(`S_${channel}`, 'one');
    await connection.close();
    return pending + waiting;
  },
};

for (const [transport, left] of Object.entries(LEFT)) {
  test(`${transport}: an event that a handler is dealing with as the bus is disconnected does not come again`, async (t) => {
    const { url } = await servers.of(transport);
    const channel = freshName('closing');
    const bus = TRANSPORTS[transport].bus(url, channel, { instance: 'one', ...QUIET });
    t.after(() => bus.disconnect());
    const [given, held] = [deferred(), deferred()];
    await bus.subscribe(async () => {
      given.resolve();
      await held.promise;
    });
    await bus.publish(event('1'));
    await given.promise;
    const disconnected = bus.disconnect();
    held.resolve();
    await disconnected;
    assert.equal(await left(url, channel), 0);
  });
}

test('rabbitmq, durable: events whose handlers end in any order, or fail, are acknowledged once each', async (t) => {
  const EVENTS = 2000;
  const HELD = 32;
  const { url } = await servers.of('rabbitmq, durable');
  const channel = freshName('order');
  const options = { instance: 'one', handlerConcurrency: HELD, ...QUIET };
  const bus = TRANSPORTS['rabbitmq, durable'].bus(url, channel, options);
  t.after(() => bus.disconnect());
  const failed = new Set();
  const handled = [];
  /** Those under way: when there are many the last one ends first. */
  const held = [];
  await bus.subscribe(async ({ id }) => {
    const under = deferred();
    held.push(under);
    if (held.length >= HELD / 2) held.pop().resolve();
    await under.promise;
    if (Number(id) % 500 === 0 && !failed.has(id)) {
      failed.add(id);
      throw new Error('the first time it fails');
    }
    handled.push(id);
  });
  await Promise.all(Array.from({ length: EVENTS }, (_, n) => bus.publish(event(String(n)))));
  await until(
    () => {
      held.splice(0).forEach(({ resolve }) => resolve());
      return handled.length >= EVENTS;
    },
    'all are handled',
    30_000,
  );
  assert.equal(new Set(handled).size, EVENTS);
  assert.equal(handled.length, EVENTS, 'none comes twice');
  assert.equal((await bus.healthCheck()).connects, 1, 'the broker has ended no session');
  await bus.disconnect();
  assert.equal(await LEFT['rabbitmq, durable'](url, channel), 0);
});

/** Buses on a stream whose server soon takes an event for lost that is not acknowledged. */
const IMPATIENT = {
  jetstream: (_, { url }, subject, jetstream) => TRANSPORTS.jetstream.bus(url, subject, { jetstream, ...QUIET }),
  'jetstream over a given connection': async (t, { url }, subject, jetstream) => {
    const connection = await connect({ servers: url });
    t.after(() => connection.close());
    const all = { stream: `S_${subject}`, durableName: 'one', ...jetstream };
    return new NatsEventBus({ mode: 'jetstream', connection, subject, jetstream: all, ...QUIET });
  },
};

for (const [name, make] of Object.entries(IMPATIENT)) {
  test(`${name}: an event that waits for its handler for longer than ackWaitMs is handled once`, async (t) => {
    const EVENTS = 50;
    const bus = await make(t, await servers.of('jetstream'), freshName('waits'), { ackWaitMs: 1000, maxDeliver: 2 });
    t.after(() => bus.disconnect());
    const given = [];
    await bus.subscribe(async ({ id }) => {
      given.push(id);
      if (id !== 'last') await sleep(100);
    });
    const ids = Array.from({ length: EVENTS }, (_, n) => String(n));
    await Promise.all(ids.map((id) => bus.publish(event(id))));
    await until(() => given.length >= EVENTS, 'all are handled');
    // What had come again meanwhile would be before this one.
    await bus.publish(event('last'));
    await until(() => given.includes('last'), 'it is handled');
    assert.deepEqual(given, [...ids, 'last']);
  });
}
