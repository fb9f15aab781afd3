// Receivers of invalidations: a cache of this package, and the same from JavaScript clients, `msgpackr` and
// `lru-cache`.
import Redis from 'ioredis';
import { unpack } from 'msgpackr';
import amqp from 'amqplib';
import { connect as connectNats } from 'nats';
import { LazyLayersCache } from '../../index.mjs';
import { ourBus } from './transports.mjs';

const PREFIX_BYTES = 4;

/** Has `hear` called with each payload that a JavaScript client receives. */
const LISTEN = {
  redis: async (url, channel, hear) => {
    const client = new Redis(url);
    client.on('messageBuffer', (_channel, payload) => hear(payload));
    await client.subscribe(channel);
  },
  rabbitmq: async (url, exchange, hear) => {
    const channel = await (await amqp.connect(url)).createChannel();
    await channel.assertExchange(exchange, 'fanout', { durable: false });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, '');
    await channel.consume(queue, (message) => {
      hear(message.content);
      channel.ack(message);
    });
  },
  nats: async (url, subject, hear) => {
    const connection = await connectNats({ servers: url });
    connection.subscribe(subject, { callback: (_error, message) => hear(Buffer.from(message.data)) });
    await connection.flush();
  },
  jetstream: async (url, subject, hear) => {
    const connection = await connectNats({ servers: url });
    const { streams, consumers } = await connection.jetstreamManager();
    await streams.add({ name: `S_${subject}`, subjects: [subject], storage: 'memory' }).catch(() => {});
    const durable_name = `raw${process.pid}`;
    await consumers.add(`S_${subject}`, { durable_name, ack_policy: 'explicit', deliver_policy: 'all' });
    const messages = await (await connection.jetstream().consumers.get(`S_${subject}`, durable_name)).consume();
    (async () => {
      for await (const message of messages) {
        hear(Buffer.from(message.data));
        message.ack();
      }
    })();
  },
};

/** A cache of this package. */
async function ours(transport, url, channel) {
  const eventBus = ourBus(transport, url, channel, `ours${process.pid}`);
  const cache = new LazyLayersCache({ eventBus, source: 'receiver', levels: { L1: { maxEntries: 100_000 } } });
  await eventBus.connect();
  while (!(await eventBus.healthCheck()).subscribed);
  let times = [];
  return {
    cache,
    fill: async (count) => {
      for (let at = 0; at < count; at++) await cache.set(`key:${at}`, { at });
    },
    left: () => cache.size(),
    watch: (now) => {
      times = [];
      cache.on(({ type }) => {
        if (type === 'invalidation:received') times.push(now());
      });
    },
    arrivals: () => times,
  };
}

export const RECEIVERS = {
  /** The delay that the machine itself adds to a thread while others are busy. */
  bystander: async () => ({ fill: () => {}, left: () => 0 }),
  ours,
  /** One whose events are counted by a handler. */
  'ours, heard': async (transport, url, channel) => {
    const { cache, ...receiver } = await ours(transport, url, channel);
    let heard = 0;
    cache.on(() => void heard++);
    return receiver;
  },
  'JavaScript client': async (transport, url, channel) => {
    const { LRUCache } = await import('lru-cache');
    const entries = new LRUCache({ max: 100_000 });
    const seen = new LRUCache({ max: 10_000, ttl: 300_000 });
    let times = [];
    let note = () => {};
    await LISTEN[transport](url, channel, (payload) => {
      const event = unpack(payload.subarray(PREFIX_BYTES));
      if (seen.has(event.id)) return;
      seen.set(event.id, true);
      if (event.source === 'receiver' || event.type !== 'del') return;
      for (const key of event.keys) entries.delete(key);
      note();
    });
    return {
      fill: (count) => {
        for (let at = 0; at < count; at++) entries.set(`key:${at}`, { at });
      },
      left: () => entries.size,
      watch: (now) => {
        times = [];
        note = () => times.push(now());
      },
      arrivals: () => times,
    };
  },
};
