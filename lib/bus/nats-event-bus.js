'use strict';
// The parts of an event bus on NATS: core, or JetStream.

const { JETSTREAM, NATS_SUBJECT } = require('../contract/described.js');
const { failure, optionRange, optionType } = require('../errors.js');
const { pathsOf } = require('../options/defaults.js');
const { mustBeObject } = require('../options/read.js');
const { readConnectionOptions } = require('./nats-options.js');
const { integer, name, oneOf, read, readShared, yes } = require('./options.js');

const OPTIONS = ['mode', 'subject', 'connection', 'connectionOptions', ...pathsOf({ jetstream: JETSTREAM })];

/** How long subscribing to a stream may take, in milliseconds: it waits until the requests of others have expired. */
const STREAM_MS = 10_000;

/**
 * @param {Given} options
 * @returns {import('./event-bus.js').Parts}
 */
function natsBus(options) {
  const { retryQueue, logger } = readShared(options, OPTIONS);
  const mode = read(options, 'mode', oneOf('core', 'jetstream'), 'core');
  const subject = read(options, 'subject', checkSubject, NATS_SUBJECT);
  const jetstream = mode === 'jetstream' ? readJetStream(options?.jetstream) : undefined;
  const { connection } = options ?? {};
  if (isGiven(connection)) checkConnection(connection);
  const settings = isGiven(connection) ? undefined : readConnectionOptions(options?.connectionOptions);
  const { stream = null, durableName = null } = jetstream ?? {};
  const about = (/** @type {Foreign} */ { ok, place }) => ({
    mode,
    subject,
    server: ok ? (place ?? null) : null,
    stream,
    durableName,
  });
  const make = () => {
    if (jetstream !== undefined && jetstream.durableName === '') {
      throw failure('NatsEventBus needs jetstream.durableName in JetStream mode: a name of its own for each instance');
    }
    if (settings === undefined) return givenBackend(connection, { subject, jetstream, retryQueue, logger });
    const { NativeBusBackend } = require('./native-backend.js');
    return new NativeBusBackend(
      { nats: { connection: settings, subject, retryQueue, jetstream: jetstream ?? null } },
      { logger },
    );
  };
  return { make, about };
}

/**
 * @param {Foreign} connection
 * @param {import('./nats-session.js').How & { retryQueue: object }} how
 */
function givenBackend(connection, { retryQueue, ...how }) {
  const { jsBus } = require('./js-bus.js');
  const { natsTransport } = require('./nats-session.js');
  const driven = { logger: how.logger, transport: natsTransport(connection, how) };
  return how.jetstream === undefined
    ? withChecks(jsBus({ name: 'nats', retryQueue }, driven), connection)
    : jsBus({ name: 'nats', isOrdered: false, connectTimeoutMs: STREAM_MS, retryQueue }, driven);
}

/** @param {unknown} value */
function isGiven(value) {
  return value !== undefined && value !== null;
}

/** @param {Given} options */
function readJetStream(options) {
  mustBeObject('jetstream', options);
  return {
    stream: read(options, 'jetstream.stream', streamName, JETSTREAM.stream),
    durableName: read(options, 'jetstream.durableName', durableName, JETSTREAM.durableName),
    storage: read(options, 'jetstream.storage', oneOf('file', 'memory'), JETSTREAM.storage),
    maxAgeMs: read(options, 'jetstream.maxAgeMs', millis, JETSTREAM.maxAgeMs),
    maxMsgs: read(options, 'jetstream.maxMsgs', integer(-1, Number.MAX_SAFE_INTEGER), JETSTREAM.maxMsgs),
    ackWaitMs: read(options, 'jetstream.ackWaitMs', positiveMillis, JETSTREAM.ackWaitMs),
    maxDeliver: read(options, 'jetstream.maxDeliver', integer(-1, Number.MAX_SAFE_INTEGER), JETSTREAM.maxDeliver),
    ensureStream: read(options, 'jetstream.ensureStream', yes, JETSTREAM.ensureStream),
    ensureConsumer: read(options, 'jetstream.ensureConsumer', yes, JETSTREAM.ensureConsumer),
  };
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {string}
 */
function checkSubject(path, value) {
  const subject = name(path, value);
  if (/[\s*>]/.test(subject)) throw optionRange(path, 'a subject without spaces and wildcards', value);
  return subject;
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {string}
 */
function streamName(path, value) {
  const stream = name(path, value);
  if (/[\s.*>/\\]/.test(stream)) throw optionRange(path, 'a name without spaces, dots, slashes and wildcards', value);
  return stream;
}

/**
 * An environment variable that is set to nothing is not given.
 * @param {string} path
 * @param {unknown} value
 * @returns {string}
 */
function durableName(path, value) {
  return value === '' ? value : streamName(path, value);
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {number}
 */
function millis(path, value) {
  const allowed = 'a number of milliseconds, 0 or more';
  if (typeof value !== 'number') throw optionType(path, allowed, value);
  if (!(value >= 0)) throw optionRange(path, allowed, value);
  return Number.isFinite(value) ? value : 0;
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {number}
 */
function positiveMillis(path, value) {
  const time = millis(path, value);
  if (time === 0) throw optionRange(path, 'a number of milliseconds above 0', value);
  return time;
}

/**
 * A connection that can only publish suits caches that do not subscribe: with it `subscribe` rejects.
 * @param {import('./event-bus.js').Backend} backend
 * @param {Foreign} connection
 */
function withChecks(backend, connection) {
  if (typeof connection.subscribe === 'function') return backend;
  const { NO_SUBSCRIBE } = require('./nats-stream.js');
  const refuse = () => Promise.reject(failure(NO_SUBSCRIBE));
  return Object.assign(backend, { subscribe: refuse });
}

/** @param {Foreign} connection */
function checkConnection(connection) {
  // The other methods are checked when they are called: some connections only publish.
  if (typeof connection?.publish !== 'function') {
    throw optionType(
      'connection',
      'a connection of the package "nats", with the methods publish and subscribe',
      connection,
    );
  }
}

module.exports = { natsBus };
