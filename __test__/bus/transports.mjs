// The transports under test: a private broker for each, our bus on it, and the same by a JavaScript client.
import amqp from 'amqplib';
import Redis from 'ioredis';
import { connect as connectNats } from 'nats';
import { LazyLayersCache, NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { redisServer } from '../support/servers/redis.mjs';

let names = 0;
/** A name that no other test uses. */
export const freshName = (prefix) => `${prefix}${process.pid}n${names++}`;

/**
 * A client of JavaScript as another program on the bus.
 * @typedef {object} Raw
 * @property {(payload: Buffer) => Promise<void>} publish
 * @property {(listener: (payload: Buffer) => void) => Promise<void>} listen
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<Raw>} */
async function rawRedis(url, channel) {
  const clients = [new Redis(url), new Redis(url)];
  for (const client of clients) client.on('error', () => {});
  const [publisher, subscriber] = clients;
  return {
    publish: async (payload) => {
      await publisher.publish(channel, payload);
    },
    listen: async (listener) => {
      subscriber.on('messageBuffer', (_channel, payload) => listener(payload));
      await subscriber.subscribe(channel);
    },
    close: async () => clients.forEach((client) => client.disconnect()),
  };
}

/** @returns {Promise<Raw>} */
async function rawRabbit(url, exchange, { durable = false } = {}) {
  const connection = await amqp.connect(url);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  await channel.assertExchange(exchange, 'fanout', { durable });
  return {
    publish: async (payload) => {
      channel.publish(exchange, '', payload);
      await channel.waitForConfirms();
    },
    listen: async (listener) => {
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, exchange, '');
      await channel.consume(queue, (message) => message && listener(message.content), { noAck: true });
    },
    close: () => connection.close().catch(() => {}),
  };
}

/** @returns {Promise<Raw>} */
async function rawNats(url, subject) {
  const connection = await connectNats({ servers: url });
  return {
    publish: async (payload) => {
      connection.publish(subject, payload);
      await connection.flush();
    },
    listen: async (listener) => {
      connection.subscribe(subject, { callback: (_error, message) => listener(Buffer.from(message.data)) });
      await connection.flush();
    },
    close: () => connection.close(),
  };
}

/**
 * By name. `bus(url, channel, options)` makes ours; those of one channel hear each other. Durable ones keep events for
 * who comes back under the same `instance`.
 */
export const TRANSPORTS = {
  redis: {
    server: (t) => redisServer(t),
    bus: (url, channel, options) => new RedisEventBus(url, channel, options),
    raw: rawRedis,
    name: 'redis',
  },
  rabbitmq: {
    server: (t) => rabbitServer(t),
    bus: (url, channel, options) => new RabbitMQEventBus(channel, { url, ...options }),
    raw: rawRabbit,
    name: 'rabbitmq',
  },
  'rabbitmq, durable': {
    server: (t) => rabbitServer(t),
    bus: (url, channel, { instance = freshName('q'), ...options } = {}) =>
      new RabbitMQEventBus(channel, {
        url,
        durableInvalidationMode: true,
        queueName: `${channel}.${instance}`,
        ...options,
      }),
    raw: (url, channel) => rawRabbit(url, channel, { durable: true }),
    name: 'rabbitmq',
    durable: true,
  },
  nats: {
    server: (t) => natsServer(t),
    bus: (url, subject, options) => new NatsEventBus({ connectionOptions: { servers: url }, subject, ...options }),
    raw: rawNats,
    name: 'nats',
  },
  jetstream: {
    server: (t) => natsServer(t),
    bus: (url, subject, { instance = freshName('d'), jetstream, ...options } = {}) =>
      new NatsEventBus({
        mode: 'jetstream',
        connectionOptions: { servers: url },
        subject,
        jetstream: { stream: `S_${subject}`, durableName: instance, ...jetstream },
        ...options,
      }),
    raw: rawNats,
    name: 'nats',
    durable: true,
  },
};

const QUIET = { logging: { enabled: false } };

/** A cache on a channel that hears the others, and its events so far. */
export async function instanceOn(t, transport, url, channel, source, options) {
  const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, instance: source });
  const cache = new LazyLayersCache({ eventBus: bus, source, ...QUIET, ...options });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  await bus.connect();
  await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  return { bus, cache, seen: record(cache) };
}

/** Servers by where they come from, started once for all tests of a file. */
export function sharedServers() {
  const started = new Map();
  return {
    of: (transport) => {
      const { server } = TRANSPORTS[transport];
      const key = TRANSPORTS[transport].name;
      if (!started.has(key)) started.set(key, server());
      return started.get(key);
    },
    end: async () => {
      for (const starting of started.values()) {
        const server = await starting;
        await (server.end ?? server.kill).call(server);
      }
    },
  };
}
