'use strict';
// The parts of an event bus on Redis Pub/Sub.

const { REDIS_BUS } = require('../contract/described.js');
const { argument } = require('../errors.js');
const { pathsOf } = require('../options/defaults.js');
const { mustBeObject } = require('../options/read.js');
const { integer, read, readShared, text, yes } = require('./options.js');

const { channel: _channel, ...DEFAULTS } = REDIS_BUS;
const OPTIONS = ['handlerConcurrency', ...pathsOf(DEFAULTS)];

/**
 * @param {unknown} redis
 * @param {unknown} channel
 * @param {Given} options
 * @returns {import('./event-bus.js').Parts}
 */
function redisBus(redis, channel, options) {
  mustBeObject('options', options);
  if (typeof channel !== 'string' || channel === '') throw argument('channel', 'a string that is not empty', channel);
  text('channel', channel);
  const { retryQueue, logger } = readShared(options, OPTIONS);
  const concurrency = read(options, 'handlerConcurrency', integer(1, 1000), 1);
  const sharded = read(options, 'sharded', yes, REDIS_BUS.sharded);
  const connectTimeoutMs = read(options, 'connectTimeoutMs', integer(1, 86_400_000), REDIS_BUS.connectTimeoutMs);
  const given = readRedis(redis);
  const about = (/** @type {Foreign} */ { publisher, subscriber }) => ({
    channel,
    publisherStatus: publisher ?? 'end',
    subscriberStatus: subscriber ?? 'end',
  });
  const make = () => {
    if (given.address === undefined) {
      const { jsBus } = require('./js-bus.js');
      const { redisTransport } = require('./redis-session.js');
      const transport = redisTransport(/** @type {Foreign} */ (given.client), channel, logger);
      return jsBus({ name: 'redis', retryQueue, connectTimeoutMs }, { logger, concurrency, transport });
    }
    const { NativeBusBackend } = require('./native-backend.js');
    const { answers, described } = require('../redis/connection.js').busOwnerOf(redis, given);
    const redisOptions = { channel, sharded, retryQueue, connectTimeoutMs };
    return new NativeBusBackend({ redis: { ...described, options: redisOptions } }, { logger, concurrency, answers });
  };
  return { make, about };
}

/**
 * The address of Redis, or the client to drive: an object with only the methods that a bus calls is a client too.
 * @param {unknown} redis
 * @returns {import('../redis/address.js').RedisTarget}
 */
function readRedis(redis) {
  const { isNodeRedis } = require('../redis/node-redis.js');
  const { readAddress } = require('../redis/address.js');
  const client = /** @type {Given} */ (redis);
  const isClient = typeof client?.publish === 'function' && typeof client.duplicate === 'function';
  if (!isClient || isNodeRedis(/** @type {Foreign} */ (client))) return mustSubscribe(readAddress(redis));
  const { addressOf } = require('../redis/ioredis.js');
  return { client, ...addressOf(client) };
}

/**
 * Throws for clients that hide their options and do not report that they have subscribed again: the bus would miss
 * messages unnoticed.
 * @param {import('../redis/address.js').RedisTarget} target
 */
function mustSubscribe(target) {
  const { address, client } = target;
  if (address !== undefined || client?.leases === undefined) return target;
  const allowed = 'for a bus the options with which a pool or sentinels of redis (node-redis) were made';
  throw argument('redis', allowed, undefined, client.isSentinel ? 'sentinels' : 'a pool');
}

module.exports = { redisBus };
