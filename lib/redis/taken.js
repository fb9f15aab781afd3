'use strict';
// Checks the description of where Redis is, and makes the error for anything else.

const { STORE } = require('../contract/described.js');
const { argument } = require('../errors.js');

/**
 * Options for the place of Redis and the login there: those of this package, which `ioredis` has too, and of
 * node-redis.
 */
const PLACE = Object.freeze([
  'host',
  'port',
  'path',
  'url',
  'db',
  'username',
  'password',
  'tls',
  'keyPrefix',
  'nodes',
  'sentinels',
  'name',
  'sentinelUsername',
  'sentinelPassword',
  'sentinelTLS',
  'socket',
  'database',
  'rootNodes',
  'defaults',
  'sentinelRootNodes',
  'nodeClientOptions',
  'sentinelClientOptions',
]);

/** How clients of both packages use their connections, which is up to each connection itself. */
const TUNING = new Set(
  [
    // Of ioredis.
    'autoPipeliningIgnoredCommands autoResendUnfulfilledCommands autoResubscribe blockingTimeout blockingTimeoutGrace',
    'clientInfoTag commandQueue commandTimeout connectTimeout connectionName disableClientInfo disconnectTimeout',
    'enableAutoPipelining enableOfflineQueue enableReadyCheck enableTLSForSentinelMode failoverDetector family',
    'himportFieldsets keepAlive lazyConnect maxLoadingRetryTime maxRetriesPerRequest monitor noDelay offlineQueue',
    'protocol reconnectOnError replyMapping retryStrategy scripts sentinelCommandTimeout sentinelMaxConnections',
    'sentinelReconnectStrategy sentinelRetryStrategy showFriendlyErrorStack socketTimeout stringNumbers',
    'updateSentinels',
    // Of node-redis.
    'RESP clientSideCache commandOptions commandsQueueMaxLength disableOfflineQueue emitInvalidate functions',
    'himportRegistry maintEndpointType maintNotifications maintRelaxedCommandTimeout maintRelaxedSocketTimeout',
    'masterPoolSize maxCommandRediscovers maxCommandRedirections minimizeConnections modules',
    'passthroughClientErrorEvents pingInterval replicaPoolSize reserveClient scanInterval',
    'topologyRefreshOnReconnectionAttemptStrategy',
  ].flatMap((line) => line.split(' ')),
);

const TAKEN = `a client of ioredis or of redis (node-redis), a URL, or connection options of either (${PLACE.join(', ')})`;

/** @param {unknown} redis */
function mustBeGiven(redis) {
  if (redis === null || (typeof redis !== 'object' && typeof redis !== 'function')) {
    throw argument('redis', TAKEN, redis);
  }
}

/**
 * Throws for options that say where Redis is in words that are not known: a default would be another server.
 * @param {Foreign} options
 */
function mustBeKnown(options) {
  const given = Object.keys(options).filter((name) => options[name] !== undefined);
  const unknown = given.find((name) => !PLACE.includes(name) && !TUNING.has(name));
  if (unknown !== undefined) {
    const isOfStore = unknown in STORE || unknown === 'ttlMs';
    throw notTaken(`the option ${unknown}${isOfStore ? ', one of the second argument of RedisStore' : ''}`);
  }
  // No option at all is Redis on this machine, if it is a plain object, of whatever realm.
  const prototype = Object.getPrototypeOf(options);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (typeof options === 'function' || (given.length === 0 && !isPlain)) throw argument('redis', TAKEN, options);
}

/** @param {string} what the part of it that was found */
function notTaken(what) {
  return argument('redis', TAKEN, undefined, what);
}

module.exports = { PLACE, mustBeGiven, mustBeKnown, notTaken };
