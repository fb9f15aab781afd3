'use strict';
// Options of stores and buses as they cross, with their defaults.
// Generated from src/contract by `npm run contract`.

/** A store in Redis. */
const STORE = Object.freeze({
  batchSize: 500,
  commandTimeoutMs: 1000,
  connectTimeoutMs: 2000,
  deleteStrategy: 'unlink',
  indexKey: null,
  keyPrefix: '',
  longestLoadMs: 3_600_000,
  prefix: 'cache:',
  scanCount: 1000,
  tracking: false,
  useIndex: true,
});

/** A server of Redis. */
const REDIS_NODE = Object.freeze({
  host: 'localhost',
  port: 6379,
});

/** The queue of a bus while its broker is away. */
const RETRY_QUEUE = Object.freeze({
  enabled: true,
  maxSize: 10_000,
});

/** A bus on Redis. */
const REDIS_BUS = Object.freeze({
  channel: '',
  connectTimeoutMs: 2000,
  retryQueue: Object.freeze({
    enabled: true,
    maxSize: 10_000,
  }),
  sharded: false,
});

/** A bus on RabbitMQ. */
const RABBITMQ_BUS = Object.freeze({
  autoDeleteQueue: true,
  durable: false,
  exchange: '',
  exchangeType: 'fanout',
  exclusiveQueue: true,
  persistent: false,
  prefetch: null,
  queueName: '',
  retryQueue: Object.freeze({
    enabled: true,
    maxSize: 10_000,
  }),
  routingKey: '',
});

/** The subject of a bus on NATS. */
const NATS_SUBJECT = 'cache.invalidations';

/** A bus on JetStream. */
const JETSTREAM = Object.freeze({
  ackWaitMs: 30_000,
  durableName: '',
  ensureConsumer: true,
  ensureStream: true,
  maxAgeMs: 0,
  maxDeliver: 10,
  maxMsgs: -1,
  storage: 'file',
  stream: 'CACHE_INVALIDATIONS',
});

/** A bus whose sessions are in JavaScript. */
const JS_TRANSPORT = Object.freeze({
  connectTimeoutMs: 5000,
  isOrdered: true,
  name: '',
  retryQueue: Object.freeze({
    enabled: true,
    maxSize: 10_000,
  }),
});

module.exports = {
  STORE,
  REDIS_NODE,
  RETRY_QUEUE,
  REDIS_BUS,
  RABBITMQ_BUS,
  NATS_SUBJECT,
  JETSTREAM,
  JS_TRANSPORT,
};
