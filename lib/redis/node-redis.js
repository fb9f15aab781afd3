'use strict';
// Reads the address that a client of the package `redis` (node-redis, versions 5 and 6) connects to, and options in its
// words.

const { optionType } = require('../errors.js');
const { fromOptions } = require('./connection-options.js');
const { notTaken } = require('./taken.js');
const { KNOWN: TLS_NAMES } = require('./tls.js');

/** How a socket is used, which is up to each connection itself. */
const TUNING = Object.freeze([
  'connectTimeout',
  'reconnectStrategy',
  'socketTimeout',
  'timeout',
  'keepAlive',
  'keepAliveInitialDelay',
  'noDelay',
  'family',
]);

const OF_CLUSTER = Object.freeze(['rootNodes', 'defaults']);
const OF_SENTINELS = Object.freeze(['sentinelRootNodes', 'nodeClientOptions', 'sentinelClientOptions']);
const ITS_WORDS = Object.freeze(['socket', 'database', ...OF_CLUSTER, ...OF_SENTINELS]);

/**
 * A client, a cluster, a pool or sentinels of node-redis.
 * @param {Foreign} object
 */
function isNodeRedis(object) {
  return typeof object.sendCommand === 'function' && typeof object.withTypeMapping === 'function';
}

/**
 * The target in a client's options. It is only the client, to be driven through its methods, where the options are
 * hidden (a pool, sentinels) or cannot be honoured by the connections of the addon.
 * @param {Foreign} client
 * @returns {import('./address.js').RedisTarget}
 */
function targetOf(client) {
  const { _options: ofCluster } = client;
  const isCluster = ofCluster?.rootNodes !== undefined;
  const options = isCluster ? ofCluster : client.options;
  try {
    if (options !== null && typeof options === 'object' && !needsClient(options)) {
      const follow = isCluster ? { ended: 'disconnect', ready: 'connect' } : { ended: 'end', ready: 'ready' };
      return { client, follow, ...fromNodeRedis(options) };
    }
  } catch {
    // It is driven.
  }
  const { DrivenClient } = require('./node-redis-client.js');
  return { client: new DrivenClient(client) };
}

/**
 * Whether only the client itself can log in, or knows which server to ask.
 * @param {Foreign} options
 * @returns {boolean}
 */
function needsClient({ credentialsProvider, username, password, readonly, useReplicas, nodeAddressMap, defaults }) {
  // A client makes a provider of its own of a name and a password.
  const isMade = credentialsProvider?.type === 'async-credentials-provider' && (username ?? password) !== undefined;
  const isGiven = Boolean(credentialsProvider) && !isMade;
  return isGiven || Boolean(readonly || useReplicas || nodeAddressMap || (defaults && needsClient(defaults)));
}

/**
 * Whether options are in words of node-redis.
 * @param {Foreign} options
 */
function isInItsWords(options) {
  return ITS_WORDS.some((name) => options[name] !== undefined);
}

/**
 * The address in such options. Throws for options that the connections of the addon cannot honour.
 * @param {Foreign} options
 * @param {Foreign} [others] options in words of `ioredis`, for those that are missing
 * @returns {import('./address.js').RedisTarget}
 */
function fromNodeRedis(options, others = {}) {
  const keyPrefix = ArrayBuffer.isView(options.keyPrefix) ? String(options.keyPrefix) : options.keyPrefix;
  const has = (/** @type {readonly string[]} */ names) => names.some((name) => options[name] !== undefined);
  if (has(OF_CLUSTER)) return fromCluster(options, keyPrefix);
  if (has(OF_SENTINELS)) return fromSentinels(options, keyPrefix);
  const server = Object.entries(serverIn('', options)).filter(([, value]) => value !== undefined);
  return fromOptions({ ...others, ...Object.fromEntries(server), keyPrefix });
}

/**
 * @param {string} path of the options
 * @param {Foreign} options of one server
 */
function serverIn(path, options) {
  if (options === null || typeof options !== 'object') throw optionType(path.slice(0, -1), 'an object', options);
  const { url, username, password, database } = options;
  const socket = options.socket ?? {};
  if (typeof socket !== 'object') throw optionType(`${path}socket`, 'an object', socket);
  const { host, port, path: file, tls, ...others } = socket;
  const more = Object.entries(others).filter(([name, value]) => value !== undefined && !TUNING.includes(name));
  const unknown = more.find(([name]) => !tls || !TLS_NAMES.includes(name));
  if (unknown !== undefined) throw notTaken(`the option ${path}socket.${unknown[0]}`);
  const encryption = tls ? Object.fromEntries(more) : undefined;
  return { url, host, port, path: file, username, password, db: database, tls: encryption };
}

/**
 * @param {Foreign} options of a cluster
 * @param {unknown} keyPrefix
 */
function fromCluster({ rootNodes, defaults }, keyPrefix) {
  if (!Array.isArray(rootNodes) || rootNodes.length === 0) {
    throw optionType('rootNodes', 'an array of connection options, with one at least', rootNodes);
  }
  const servers = rootNodes.map((node, at) => fromOptions(serverIn(`rootNodes[${at}].`, node)).address.single);
  const common = fromOptions(serverIn('defaults.', defaults ?? {})).address.single;
  // Nodes that are found later are known by the defaults alone.
  const { username, password } = common.password === undefined ? servers[0] : common;
  const tls = common.tls ?? servers[0].tls;
  const nodes = servers.map(({ host, port }) => ({ host, port }));
  const { address, ...names } = fromOptions({ nodes, username, password, keyPrefix });
  return { ...names, address: { cluster: { ...address.cluster, ...(tls === undefined ? {} : { tls }) } } };
}

/**
 * @param {Foreign} options of sentinels
 * @param {unknown} keyPrefix
 */
function fromSentinels({ name, sentinelRootNodes, nodeClientOptions, sentinelClientOptions }, keyPrefix) {
  if (!Array.isArray(sentinelRootNodes) || sentinelRootNodes.length === 0) {
    throw optionType('sentinelRootNodes', 'an array of { host, port }, with one at least', sentinelRootNodes);
  }
  const { username, password, tls, db } = serverIn('nodeClientOptions.', nodeClientOptions ?? {});
  const sentinel = serverIn('sentinelClientOptions.', sentinelClientOptions ?? {});
  return fromOptions({
    sentinels: sentinelRootNodes,
    name,
    username,
    password,
    tls,
    db,
    keyPrefix,
    sentinelUsername: sentinel.username,
    sentinelPassword: sentinel.password,
    sentinelTLS: sentinel.tls,
  });
}

module.exports = { fromNodeRedis, isInItsWords, isNodeRedis, targetOf };
