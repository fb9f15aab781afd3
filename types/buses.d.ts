import type { EventBus, EventBusHealth, EventBusRetryQueueOptions, InvalidationEvent } from './event-bus.js';
import type { CacheLoggerOptions } from './options.js';
import type { RedisConnection } from './redis.js';

/** What all buses of this package take. */
interface SharedEventBusOptions {
  /** What waits while the broker is away. */
  retryQueue?: EventBusRetryQueueOptions | undefined;
  /** What is logged. Default: by `NODE_ENV`. */
  logging?: CacheLoggerOptions | undefined;
}

/** What all buses of this package tell of themselves. */
interface SharedEventBusHealth extends EventBusHealth {
  /** What is wrong, in words. */
  error?: string;
  /** Whether events arrive. */
  subscribed?: boolean;
  /** Events that wait to be sent. */
  queued?: number;
  /** Events that were dropped: the queue was full, or the broker does not take them. */
  dropped?: number;
  /** Payloads that arrived and were no events. */
  unreadable?: number;
  /** How often a connection was opened. */
  connects?: number;
}

/**
 * What all buses of this package can do. A bus connects when it is first used, and connects again by itself; events
 * are sent in order. It does not keep the process alive; what is awaited does.
 */
declare abstract class TransportEventBus implements EventBus {
  /** Connects. Rejects when the first attempt fails; others follow by themselves. */
  connect(): Promise<void>;
  /**
   * Sends an event; resolves when the broker has it. Rejects when it cannot be sent now: it waits in the retry queue
   * then, but for one that no broker takes, as it is too large.
   */
  publish(event: InvalidationEvent): Promise<void>;
  /**
   * Has every event given to `handler`, one at a time and in order. A handler that fails is given the event again, three
   * times in all; a durable transport then delivers it again later. Resolves once events arrive; while the broker is
   * away, at once: they arrive when it is back.
   */
  subscribe(handler: (event: InvalidationEvent) => void | Promise<void>): Promise<void>;
  /** Sends what waits, for a second at most, and disconnects. `connect()` connects again. */
  disconnect(): Promise<void>;
}

/** Options of a bus on Redis Pub/Sub. */
export interface RedisEventBusOptions extends SharedEventBusOptions {
  /** How many events a handler of `subscribe` is given at a time. Default: 1, which keeps their order. */
  handlerConcurrency?: number | undefined;
  /** `true`: shard channels of a cluster of Redis 7 (`SPUBLISH`), which 0.4.0 does not listen to. Default: `false`. */
  sharded?: boolean | undefined;
  /** How long an attempt to connect may take, in milliseconds. Default: 2000. */
  connectTimeoutMs?: number | undefined;
}

/** How a bus on Redis is. */
export interface RedisEventBusHealth extends SharedEventBusHealth {
  transport: 'redis';
}

/**
 * An event bus on Redis Pub/Sub. At most once: what is sent while an instance is not connected does not reach it; it then
 * stops serving what its L1 held before.
 */
export declare class RedisEventBus extends TransportEventBus {
  /**
   * @param redis a `Redis` or `Cluster` of `ioredis`, whose options are read: the bus has connections of its own; or a
   *   URL, or options. An object that only has the methods of a client is driven itself.
   * @param channel the same for all instances
   */
  constructor(redis: RedisConnection, channel: string, options?: RedisEventBusOptions);
  /** How the bus is; never rejects. */
  healthCheck(): Promise<RedisEventBusHealth>;
}

/** Options of a bus on RabbitMQ. */
export interface RabbitMQEventBusOptions extends SharedEventBusOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps://…`. Required, unless `init(url)` is called. */
  url?: string | undefined;
  /** The type of the exchange. Default: `fanout`. */
  exchangeType?: 'fanout' | 'topic' | 'direct' | 'headers' | undefined;
  /** Keeps events for this instance while it is away, together with a stable `queueName`. Default: `false`. */
  durableInvalidationMode?: boolean | undefined;
  /** Whether exchange and queue outlive the broker. Default: as `durableInvalidationMode`. */
  durable?: boolean | undefined;
  /** Whether events are written to disk before they count as sent. Default: as `durable`. */
  persistent?: boolean | undefined;
  /** The queue of this instance: a name of its own. Default: the broker makes one up. */
  queueName?: string | undefined;
  /** Whether the queue ends with the connection. Default: `true`, unless in durable mode. */
  exclusiveQueue?: boolean | undefined;
  /** Whether the queue ends with its last consumer. Default: `true`, unless in durable mode. */
  autoDeleteQueue?: boolean | undefined;
  /** With which key events are published and the queue is bound. Default: `""`. */
  routingKey?: string | undefined;
  /** The most unacknowledged events; 0: no limit. Default: 10 000, so that what has arrived fits into memory. */
  prefetch?: number | undefined;
}

/** How a bus on RabbitMQ is. */
export interface RabbitMQEventBusHealth extends SharedEventBusHealth {
  transport: 'rabbitmq';
}

/** An event bus on an exchange of RabbitMQ, with confirms, and acknowledged once an event is handled. */
export declare class RabbitMQEventBus extends TransportEventBus {
  /** @param exchange the same for all instances */
  constructor(exchange: string, options?: RabbitMQEventBusOptions);
  /** Connects to `url`, instead of the option of that name. */
  init(url?: string): Promise<void>;
  /** How the bus is; never rejects. */
  healthCheck(): Promise<RabbitMQEventBusHealth>;
}

/** `core`: whoever is connected is reached. `jetstream`: events are kept for those who come back. */
export type NatsEventBusMode = 'core' | 'jetstream';

/** Encryption towards NATS: PEM, or files of it. */
export interface NatsTlsOptions {
  /** Certificates of the authorities to trust. Default: those of the system. */
  ca?: string | Uint8Array | undefined;
  caFile?: string | undefined;
  /** A certificate of our own. */
  cert?: string | Uint8Array | undefined;
  certFile?: string | undefined;
  /** Its key. */
  key?: string | Uint8Array | undefined;
  keyFile?: string | undefined;
  /** Whether encryption begins before the server has said anything. Default: `false`. */
  handshakeFirst?: boolean | undefined;
}

/** Options of `nats.connect()` that a connection of the engine's can honour; any other is an error that names it. */
export interface NatsConnectionOptions {
  /** `host:port`, `nats://…` or `tls://…`. Default: `localhost:4222`. */
  servers?: string | string[] | undefined;
  /** Of servers that name none. Default: 4222. */
  port?: number | undefined;
  /** The name of the connection, as the server shows it. */
  name?: string | undefined;
  token?: string | undefined;
  user?: string | undefined;
  pass?: string | undefined;
  /** The seed of an nkey. */
  nkey?: string | undefined;
  /** What is in a credentials file. */
  creds?: string | Uint8Array | undefined;
  /** Those of tokens and passwords; others sign, which only an injected `connection` can have done. */
  authenticator?: unknown;
  tls?: NatsTlsOptions | boolean | null | undefined;
  /** How long an attempt to connect may take, in milliseconds. Default: 5000. */
  timeout?: number | undefined;
  /** How often a sign of life is asked for, in milliseconds. Default: 2000. */
  pingInterval?: number | undefined;
  inboxPrefix?: string | undefined;
  noEcho?: boolean | undefined;
  noRandomize?: boolean | undefined;
  ignoreClusterUpdates?: boolean | undefined;
  /** `false`: one attempt. Default: `true`. */
  reconnect?: boolean | undefined;
  /** How many attempts in a row may fail; -1 is without limit, which is the default. */
  maxReconnectAttempts?: number | undefined;
  /** Between attempts, in milliseconds. Default: from 50 up to 2000, with jitter. */
  reconnectTimeWait?: number | undefined;
  /** Accepted: jitter is always there. */
  reconnectJitter?: number | undefined;
  reconnectJitterTLS?: number | undefined;
  /** Accepted, without an effect here. */
  waitOnFirstConnect?: boolean | undefined;
  debug?: boolean | undefined;
  verbose?: boolean | undefined;
  pedantic?: boolean | undefined;
  noAsyncTraces?: boolean | undefined;
  maxPingOut?: number | undefined;
  resolve?: boolean | undefined;
  ignoreAuthErrorAbort?: boolean | undefined;
}

/** What JetStream needs. */
export interface NatsJetStreamOptions {
  /** The stream. Default: `CACHE_INVALIDATIONS`. */
  stream?: string | undefined;
  /** The consumer of this instance: a name of its own. Required in JetStream mode. */
  durableName?: string | undefined;
  /** Where a stream that is made keeps events. Default: `file`. */
  storage?: 'file' | 'memory' | undefined;
  /** How long events are kept, in milliseconds. Default: for ever. */
  maxAgeMs?: number | undefined;
  /** How many events are kept. Default: -1, without limit. */
  maxMsgs?: number | undefined;
  /** How long the server waits to hear of an event before it delivers it again, in milliseconds. Default: 30 000. */
  ackWaitMs?: number | undefined;
  /** How often an event is delivered at most. Default: 10. */
  maxDeliver?: number | undefined;
  /** Whether a stream that is missing is made. Default: `true`. */
  ensureStream?: boolean | undefined;
  /** Whether a consumer that is missing is made. Default: `true`. */
  ensureConsumer?: boolean | undefined;
}

/** Methods that a connection of the package `nats` has. */
export interface NatsConnection {
  publish(subject: string, payload?: any, options?: any): void;
  subscribe(subject: string, options?: any): any;
}

/** Options of a bus on NATS. */
export interface NatsEventBusOptions extends SharedEventBusOptions {
  /** Default: `core`. */
  mode?: NatsEventBusMode | undefined;
  /** A connection of the package `nats`, which is driven through its methods and stays its owner's. */
  connection?: NatsConnection | undefined;
  /** How the bus connects by itself. */
  connectionOptions?: NatsConnectionOptions | undefined;
  /** The same for all instances. Default: `cache.invalidations`. */
  subject?: string | undefined;
  /** What JetStream needs. */
  jetstream?: NatsJetStreamOptions | undefined;
}

/** How a bus on NATS is. */
export interface NatsEventBusHealth extends SharedEventBusHealth {
  transport: 'nats';
  /** The server of an injected connection. */
  server?: string;
}

/** An event bus on NATS. */
export declare class NatsEventBus extends TransportEventBus {
  constructor(options?: NatsEventBusOptions);
  /** How the bus is; never rejects. */
  healthCheck(): Promise<NatsEventBusHealth>;
}

// What is not marked stays private.
export {};
