'use strict';
// The address of Redis, read from a client of `ioredis` or node-redis, a URL, or options.

const { fromOptions, fromUrl } = require('./connection-options.js');
const { addressOf } = require('./ioredis.js');
const { fromNodeRedis, isInItsWords, isNodeRedis, targetOf } = require('./node-redis.js');
const { mustBeGiven, mustBeKnown } = require('./taken.js');

/**
 * @typedef {object} RedisTarget
 * @property {object} [address] where to connect, as drivers/src/redis/address.rs reads it
 * @property {string} [keyPrefix] before every name
 * @property {() => unknown} [password] a function of the user, called before each connection
 * @property {Foreign} [client] with an address: ends the connection of the addon as it ends; without: driven itself
 * @property {{ ended: string, ready: string }} [follow] the events that tell so. Default: those of `ioredis`
 */

/**
 * The target of a store or a bus.
 * @param {unknown} redis
 * @returns {RedisTarget}
 */
function readAddress(redis) {
  if (typeof redis === 'string') return { address: fromUrl('redis', redis) };
  if (redis instanceof URL) return { address: fromUrl('redis', redis.href) };
  mustBeGiven(redis);
  const object = /** @type {Foreign} */ (redis);
  if (isNodeRedis(object)) return targetOf(object);
  const isClient = typeof object.pipeline === 'function' || typeof object.getBuffer === 'function';
  if (isClient) return { client: object, ...addressOf(object) };
  mustBeKnown(object);
  return isInItsWords(object) ? fromNodeRedis(object, object) : fromOptions(object);
}

module.exports = { readAddress };
