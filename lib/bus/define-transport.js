'use strict';
// Event buses over transports of users. A transport connects, sends and receives bytes; the driver does the rest.

const { KeptContext } = require('../context.js');
const { JS_TRANSPORT } = require('../contract/described.js');
const { argument, failure, optionRange, optionType } = require('../errors.js');
const { mustBeObject } = require('../options/read.js');
const { TransportEventBus } = require('./event-bus.js');
const { healthOf } = require('./health.js');
const { jsBus } = require('./js-bus.js');
const { integer, name: nameOf, read, readShared } = require('./options.js');

const KNOWN = ['name', 'connect', 'maxEventBytes', 'connectTimeoutMs'];
const BUILTIN = ['redis', 'rabbitmq', 'nats'];
const LONGEST_NAME = 64;
const DAY_MS = 86_400_000;

/**
 * @typedef {object} Definition
 * @property {string} name
 * @property {(given: any) => any} connect
 * @property {number} maxEventBytes
 * @property {number} connectTimeoutMs
 */

/**
 * A class of event buses over a transport.
 * @param {Given} transport
 */
function defineTransport(transport) {
  const definition = readDefinition(transport);
  const { name, maxEventBytes } = definition;
  return class extends TransportEventBus {
    /** @param {Given} [options] those of `connect`, and those that all buses have */
    constructor(options = {}) {
      const { retryQueue, logger } = readShared(options);
      const concurrency = read(options, 'handlerConcurrency', integer(1, 1000), 1);
      const connectTimeoutMs = read(options, 'connectTimeoutMs', integer(1, DAY_MS), definition.connectTimeoutMs);
      const how = {
        logger,
        concurrency,
        transport: transportOf(definition, { ...options }),
        context: new KeptContext('LazyLayersEventBus'),
      };
      const make = () => jsBus({ name, connectTimeoutMs, retryQueue }, how);
      super({ make, about: () => ({}), maxBytes: maxEventBytes });
    }

    healthCheck() {
      return healthOf(this, name);
    }
  };
}

/**
 * @param {Given} transport
 * @returns {Definition}
 */
function readDefinition(transport) {
  if (transport === null || typeof transport !== 'object') throw argument('transport', 'an object', transport);
  mustBeObject('transport', transport);
  const unknown = Object.keys(transport).find((option) => !KNOWN.includes(option) && transport[option] !== undefined);
  if (unknown !== undefined) {
    throw optionRange(unknown, `left out: a transport has ${KNOWN.join(', ')}`, transport[unknown]);
  }
  const { connect } = transport;
  if (typeof connect !== 'function') throw optionType('connect', 'a function that returns a session', connect);
  return {
    name: transportName('name', transport.name),
    connect: (given) => connect.call(transport, given),
    maxEventBytes: read(transport, 'maxEventBytes', integer(1, Number.MAX_SAFE_INTEGER), Infinity),
    connectTimeoutMs: read(transport, 'connectTimeoutMs', integer(1, DAY_MS), JS_TRANSPORT.connectTimeoutMs),
  };
}

/**
 * @param {string} path
 * @param {unknown} value
 */
function transportName(path, value) {
  const name = nameOf(path, value);
  const allowed = `at most ${LONGEST_NAME} characters, and none of ${BUILTIN.join(', ')}`;
  if (name.length > LONGEST_NAME || BUILTIN.includes(name)) throw optionRange(path, allowed, value);
  return name;
}

/**
 * @param {Definition} definition
 * @param {object} options
 * @returns {import('./session.js').Transport}
 */
function transportOf({ name, connect, maxEventBytes }, options) {
  return {
    async connect({ onMessage, onLost, signal }) {
      // Only transports of this package pass more arguments than the message.
      const take = (/** @type {Uint8Array} */ bytes) => onMessage(bytes);
      const session = checkSession(name, await connect({ options, onMessage: take, onLost, signal }));
      return {
        publish: (bytes) => publishWithin(session, bytes, maxEventBytes),
        subscribe: async () => {
          await session.subscribe?.();
        },
        close: () => session.close(),
      };
    },
  };
}

/**
 * @param {string} transport
 * @param {Foreign} session
 */
function checkSession(transport, session) {
  const methods = ['publish', 'close'].filter((method) => typeof session?.[method] !== 'function');
  if (session?.subscribe !== undefined && typeof session.subscribe !== 'function') methods.push('subscribe');
  if (methods.length === 0) return session;
  throw failure(
    `connect of the transport "${transport}" must resolve with a session { publish(bytes), close() }, and may have ` +
      `subscribe(); not a function: ${methods.join(', ')}`,
  );
}

/**
 * @param {Foreign} session
 * @param {Buffer} bytes
 * @param {number} most
 */
function publishWithin(session, bytes, most) {
  if (bytes.length <= most) return session.publish(bytes);
  const text = `the event is too large for the transport: ${bytes.length} bytes, more than ${most} (maxEventBytes)`;
  throw Object.assign(failure(text), { code: 'EVENT_REFUSED' });
}

module.exports = { defineTransport };
