'use strict';
// Where Redis is: told by a client of `ioredis`, a URL, or options.

const { argument } = require('../errors.js');
const { fromOptions, fromUrl } = require('./connection-options.js');
const { addressOf } = require('./ioredis.js');

/**
 * @typedef {object} RedisTarget
 * @property {object} [address] where to connect, as drivers/src/redis/address.rs reads it
 * @property {string} [keyPrefix] before every name
 * @property {Foreign} [client] with an address: ends the connection of the addon as it ends; without: driven itself
 */

/**
 * The target of a store or a bus.
 * @param {unknown} redis
 * @returns {RedisTarget}
 */
function readAddress(redis) {
  if (typeof redis === 'string') return { address: fromUrl('redis', redis) };
  if (redis instanceof URL) return { address: fromUrl('redis', redis.href) };
  if (redis === null || (typeof redis !== 'object' && typeof redis !== 'function')) {
    throw argument('redis', 'a client of ioredis, a URL, or connection options', redis);
  }
  const object = /** @type {Foreign} */ (redis);
  const isClient = typeof object.pipeline === 'function' || typeof object.getBuffer === 'function';
  return isClient ? { client: object, ...addressOf(object) } : fromOptions(object);
}

module.exports = { readAddress };
