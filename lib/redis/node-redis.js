'use strict';
// Reads the address that a client of the package `redis` (node-redis, versions 5 and 6) connects to, and options in its
// words.

const { optionRange, optionType } = require('../errors.js');
const { text } = require('../options/checks.js');
const { commonOf, fromOptions, placesOf, readNodes, sentinelIn } = require('./connection-options.js');
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
  if (has(OF_CLUSTER)) return fromCluster(options, { ...commonIn(others), keyPrefix });
  if (has(OF_SENTINELS)) return fromSentinels(options, { ...commonIn(others), db: others.db, keyPrefix });
  return fromOptions({ ...others, ...serverIn('', options), keyPrefix });
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
  const server = { url, host, port, path: file, username, password, db: database, tls: encryption };
  return Object.fromEntries(Object.entries(server).filter(([, value]) => value !== undefined));
}

/**
 * The login and the encryption for all servers, in words of `ioredis`.
 * @param {Foreign} others
 */
const commonIn = ({ username, password, tls }) => ({ username, password, tls });

/**
 * A server whose login is a text: a function is for all of them.
 * @param {string} path
 * @param {Foreign} given
 * @param {Foreign} [common]
 * @returns {import('./address.js').RedisTarget & { address: any }}
 */
function loginIn(path, given, common) {
  const server = serverIn(path, given);
  if (common === undefined && typeof server.password === 'function') {
    throw optionType(`${path}password`, 'a string', server.password);
  }
  return /** @type {any} */ (fromOptions({ ...common, ...server }));
}

/**
 * @param {Foreign} options of a cluster
 * @param {Foreign} common its login, its encryption and its prefix, where `defaults` has none
 */
function fromCluster({ rootNodes, defaults }, common) {
  if (!Array.isArray(rootNodes) || rootNodes.length === 0) {
    throw optionType('rootNodes', 'an array of connection options, with one at least', rootNodes);
  }
  const servers = rootNodes.map((node, at) => loginIn(`rootNodes[${at}].`, node).address.single);
  for (const [at, { host, path, db }] of servers.entries()) {
    if (host === undefined) throw optionRange(`rootNodes[${at}]`, 'a server with a host', path);
    if (db) throw optionRange(`rootNodes[${at}].database`, 'left out: a cluster has one database', db);
  }
  const { address, ...more } = loginIn('defaults.', defaults ?? {}, common);
  // Nodes that are found later are known by the defaults alone.
  const all = commonOf('rootNodes', servers, address.single, more.password);
  return { ...more, address: { cluster: { nodes: placesOf(servers), ...all } } };
}

/**
 * @param {Foreign} options of sentinels
 * @param {Foreign} common login, encryption and database of the master and the prefix, where `nodeClientOptions` has
 * none
 */
function fromSentinels({ name, sentinelRootNodes, nodeClientOptions, sentinelClientOptions }, common) {
  if (!Array.isArray(sentinelRootNodes) || sentinelRootNodes.length === 0) {
    throw optionType('sentinelRootNodes', 'an array of { host, port }, with one at least', sentinelRootNodes);
  }
  const { address, ...more } = loginIn('nodeClientOptions.', nodeClientOptions ?? {}, common);
  const { username, password, tls, db } = address.single;
  const master = Object.entries({ name: text('name', name), username, password, tls, db });
  const sentinel = loginIn('sentinelClientOptions.', sentinelClientOptions ?? {}).address.single;
  const sentinels = readNodes('sentinelRootNodes', sentinelRootNodes);
  const known = Object.fromEntries(master.filter(([, value]) => value !== undefined));
  return { ...more, address: { sentinel: sentinelIn(sentinels, sentinel, known) } };
}

module.exports = { fromNodeRedis, isInItsWords, isNodeRedis, targetOf };
