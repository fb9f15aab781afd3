// The buses as users of 0.4.0 made them, and as their clients allow.
import Redis, { Cluster } from 'ioredis';
import {
  type EventBus,
  type EventBusHealth,
  LazyLayersCache,
  NatsEventBus,
  type NatsEventBusHealth,
  type NatsEventBusMode,
  type NatsEventBusOptions,
  type NatsJetStreamOptions,
  RabbitMQEventBus,
  type RabbitMQEventBusOptions,
  RedisEventBus,
  type RedisEventBusOptions,
  defineTransport,
} from 'lazy-layers-cache';
import type { EventBusRetryQueueOptions, TransportSession } from 'lazy-layers-cache/event-bus';
import { busContract } from 'lazy-layers-cache/testing';
import { same } from './support/assertions.js';

const retryQueue: EventBusRetryQueueOptions = { enabled: true, maxSize: 100 };
const logging = { env: 'production', enabled: false } as const;

const options: RedisEventBusOptions = { retryQueue, handlerConcurrency: 2, logging };
const buses: EventBus[] = [
  new RedisEventBus(new Redis(), 'app:cache:invalidate', options),
  new RedisEventBus(new Cluster([]), 'app:cache:invalidate'),
  new RedisEventBus('redis://localhost', 'app:cache:invalidate'),
];

const rabbitOptions: RabbitMQEventBusOptions = {
  url: process.env['RABBITMQ_URL'] ?? 'amqp://localhost',
  durableInvalidationMode: true,
  queueName: process.env['INSTANCE_ID'],
  exchangeType: 'topic',
  durable: true,
  persistent: true,
  exclusiveQueue: false,
  autoDeleteQueue: false,
  routingKey: 'cache.#',
  prefetch: 100,
  retryQueue,
  logging,
};
const rabbit = new RabbitMQEventBus('cache.invalidate', rabbitOptions);
void rabbit.init('amqp://localhost');

/** As the package `nats` declares it; its declarations as a whole do not compile under all checks. */
interface Connection {
  publish(subject: string, payload?: Uint8Array | string, options?: { reply?: string }): void;
  subscribe(
    subject: string,
    options?: { max?: number },
  ): AsyncIterable<{ data: Uint8Array }> & { unsubscribe(max?: number): void };
  flush(): Promise<void>;
  close(): Promise<void>;
}

declare const connection: Connection;
const connectionOptions = { servers: ['localhost:4222'], name: 'me', token: 't', user: 'u', pass: 'p', tls: null };
const mode: NatsEventBusMode = 'jetstream';
const jetstream: NatsJetStreamOptions = {
  stream: 'CACHE_INVALIDATIONS',
  durableName: process.env['INSTANCE_ID'],
  storage: 'file',
  maxAgeMs: 1000,
  maxMsgs: -1,
  ackWaitMs: 30_000,
  maxDeliver: 10,
  ensureStream: true,
  ensureConsumer: true,
};
const natsOptions: NatsEventBusOptions = {
  mode,
  connectionOptions,
  subject: 'cache.invalidate',
  jetstream,
  retryQueue,
};
buses.push(rabbit, new NatsEventBus(natsOptions), new NatsEventBus({ mode: 'core', connection }), new NatsEventBus());

for (const eventBus of buses) new LazyLayersCache({ eventBus, source: process.env['INSTANCE_ID'], broadcastSet: true });

type Health = Awaited<ReturnType<NatsEventBus['healthCheck']>>;
same<Health, NatsEventBusHealth>();
same<Health['transport'], 'nats'>();
declare const health: Health;
export const general: EventBusHealth = health;

// @ts-expect-error: a mode that there is not
new NatsEventBus({ mode: 'stream' });
// @ts-expect-error: a channel is needed
new RedisEventBus('redis://localhost');

interface ThreadOptions {
  channel: string;
}
const ThreadsEventBus = defineTransport<ThreadOptions>({
  name: 'threads',
  maxEventBytes: 1000,
  async connect({ options, onMessage, onLost, signal }): Promise<TransportSession> {
    onMessage(new Uint8Array());
    onLost(new Error(options.channel));
    signal.throwIfAborted();
    return { publish: async (bytes) => void bytes.toString('base64'), close() {} };
  },
});
const threads = new ThreadsEventBus({ channel: 'c', retryQueue, handlerConcurrency: 2, connectTimeoutMs: 100 });
buses.push(threads);
void new LazyLayersCache({ eventBus: threads });
void threads.healthCheck().then(({ queued, connects }) => [queued, connects]);
// @ts-expect-error the options of its transport
new ThreadsEventBus({ channel: 1 });
// @ts-expect-error one of them is required
new ThreadsEventBus();
const plainSession = { publish() {}, close() {} };
new (defineTransport<{ channel?: string }>({ name: 'optional', connect: () => plainSession }))();
new (defineTransport({ name: 'none', connect: () => plainSession }))();
// @ts-expect-error a session that cannot be closed
defineTransport({ name: 'a', connect: () => ({ publish() {} }) });
for (const { name: title, run } of busContract(() => threads, { interrupt: (meanwhile) => meanwhile() })) {
  void [title, run()];
}
