import type { EventBusHealth, EventBusRetryQueueOptions } from './bus.js';
import type { CacheLoggerOptions } from './options.js';

/** Options of all buses of this package. */
interface SharedEventBusOptions {
  /** The queue of events while the broker is away. */
  retryQueue?: EventBusRetryQueueOptions | undefined;
  /** Which lines are logged. Default: by `NODE_ENV`. */
  logging?: CacheLoggerOptions | undefined;
}

/** The health of all buses of this package. */
interface SharedEventBusHealth extends EventBusHealth {
  /** The fault, if there is one. */
  error?: Error;
  /** Whether events arrive. */
  subscribed?: boolean;
  /** Events that wait to be sent. */
  queued?: number;
  /** Events that were dropped: the queue was full, or the broker does not take them. */
  dropped?: number;
  /** Payloads that arrived and were no events. */
  unreadable?: number;
  /** `false` where the user has no right to heartbeats: gaps are found by the numbers of events alone. */
  heartbeats?: boolean;
  /** How often a connection was opened. */
  connects?: number;
  /** Events that handlers of `subscribe` did not get, as they did not keep up. */
  missed?: number;
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
  channel: string;
  /** In words of `ioredis`: `ready`, `reconnecting`, `end`; `wait`: nobody has subscribed. */
  publisherStatus: string;
  subscriberStatus: string;
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
  /** The queue of this instance: a name of its own. Default: a name that the broker chooses. */
  queueName?: string | undefined;
  /** Whether the queue ends with the connection. Default: `true`, unless in durable mode with a `queueName`. */
  exclusiveQueue?: boolean | undefined;
  /** Whether the queue ends with its last consumer. Default: `true`, unless in durable mode with a `queueName`. */
  autoDeleteQueue?: boolean | undefined;
  /** The key with which events are published and the queue is bound. Default: `""`. */
  routingKey?: string | undefined;
  /**
   * The most unacknowledged events; 0: no limit. Default: 10 000, so that the events that have arrived fit into memory.
   */
  prefetch?: number | undefined;
}

/** How a bus on RabbitMQ is. */
export interface RabbitMQEventBusHealth extends SharedEventBusHealth {
  transport: 'rabbitmq';
  exchange: string;
  /** The queue of this instance, also when the broker chose its name; `null` before `subscribe`. */
  queueName: string | null;
  durable: boolean;
  /** Whether it is connected. */
  initialized: boolean;
}

/** `core`: events reach the instances that are connected. `jetstream`: events are kept for instances that come back. */
export type NatsEventBusMode = 'core' | 'jetstream';

/** Encryption towards NATS: PEM, or files of it. */
export interface NatsTlsOptions {
  /** Certificates of the authorities to trust. Default: those of the system. */
  ca?: string | Uint8Array | undefined;
  caFile?: string | undefined;
  /** A certificate of this client. */
  cert?: string | Uint8Array | undefined;
  certFile?: string | undefined;
  /** Its key. */
  key?: string | Uint8Array | undefined;
  keyFile?: string | undefined;
  /** Whether encryption begins before the server has said anything. Default: `false`. */
  handshakeFirst?: boolean | undefined;
}

/** Options of `nats.connect()` that a connection of the driver can honour; any other is an error that names it. */
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
  /** The contents of a credentials file. */
  creds?: string | Uint8Array | undefined;
  /** One of tokens or passwords; other kinds sign, which works only with an injected `connection`. */
  authenticator?: unknown;
  tls?: NatsTlsOptions | boolean | null | undefined;
  /** How long an attempt to connect may take, in milliseconds. Default: 5000. */
  timeout?: number | undefined;
  /** The time between two pings, in milliseconds. Default: 2000. */
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

/** Options of JetStream. */
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
  /**
   * How long the server waits for a word about an event before it delivers it again, in milliseconds. It is told of
   * events that are being handled, or wait for their handler. Default: 30 000.
   */
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
  /** Options of JetStream. */
  jetstream?: NatsJetStreamOptions | undefined;
}

/** How a bus on NATS is. */
export interface NatsEventBusHealth extends SharedEventBusHealth {
  transport: 'nats';
  mode: NatsEventBusMode;
  subject: string;
  /** The server, or the servers that it may be; `null` while it is not connected. */
  server: string | null;
  /** `null` in mode `core`. */
  stream: string | null;
  /** `null` in mode `core`. */
  durableName: string | null;
}

/** Options of all buses over a transport of your own. */
export interface DefinedEventBusOptions extends SharedEventBusOptions {
  /** How many events a handler of `subscribe` is given at a time. Default: 1, which keeps their order. */
  handlerConcurrency?: number | undefined;
  /** How long connecting may take, and subscribing, in milliseconds. Default: that of the transport. */
  connectTimeoutMs?: number | undefined;
}

/** How a bus over a transport of your own is. */
export interface DefinedEventBusHealth extends SharedEventBusHealth {}

// Declarations without `export` stay private.
export {};
