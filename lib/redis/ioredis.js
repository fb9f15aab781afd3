'use strict';
// Reads the address that a client of `ioredis` connects to.

const { fromOptions } = require('./connection-options.js');

/**
 * The address in the options of a client. Nothing for an object that is no such client, and for a client with options
 * that the connections of the addon cannot honour: both are driven through their methods.
 * @param {Foreign} client
 * @returns {import('./address.js').RedisTarget}
 */
function addressOf(client) {
  const options = client.options;
  if (options === null || typeof options !== 'object') return {};
  try {
    if (client.isCluster === true) return ofCluster(client.startupNodes, options);
    // Those that imitate the client have no connector.
    return typeof client.connector?.connect === 'function' ? ofServer(options) : {};
  } catch {
    return {};
  }
}

/** @param {Foreign} options */
function ofServer(options) {
  const { sentinels, role, natMap, Connector, readOnly, enableTLSForSentinelMode } = options;
  if (Connector || natMap || readOnly || (role && role !== 'master')) return {};
  // For a master that sentinels name, `ioredis` encrypts only with an option of its own.
  const isPlain = sentinels && !enableTLSForSentinelMode;
  return fromOptions({ ...options, nodes: undefined, url: undefined, tls: isPlain ? undefined : options.tls });
}

/**
 * @param {unknown} startupNodes
 * @param {Foreign} options
 */
function ofCluster(startupNodes, options) {
  const readsReplicas = options.scaleReads !== undefined && options.scaleReads !== 'master';
  if (!Array.isArray(startupNodes) || options.natMap || readsReplicas) return {};
  const { redisOptions = {}, keyPrefix = redisOptions.keyPrefix } = options;
  const { username, password, tls } = redisOptions;
  return fromOptions({ nodes: startupNodes, username, password, tls, keyPrefix });
}

module.exports = { addressOf };
