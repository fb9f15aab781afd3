'use strict';
// Sessions over a connection of the package `nats`, which its owner closes.

const timers = require('node:timers');
const { ARRIVAL } = require('../contract/codes.js');
const { failure } = require('../errors.js');
const { Taken } = require('./nats-taken.js');
const { NO_SUBSCRIBE, openStream, isSilent, ensureStream, jetstreamOf } = require('./nats-stream.js');

/** Of Node.js, also where a test has fake timers. */
const { setImmediate } = timers;
/** The answers of a server to a message that is larger than the stream, or any, may have. */
const TOO_LARGE = new Set([10_054, 10_097]);

/**
 * @typedef {object} How
 * @property {string} subject
 * @property {Foreign} [jetstream] as lib/bus/nats-event-bus.js reads them
 * @property {import('../logger.js').Logger} logger
 */

/**
 * @param {Foreign} connection
 * @param {How} how
 * @returns {import('./session.js').Transport}
 */
function natsTransport(connection, how) {
  return {
    async connect(handlers) {
      mustBeOpen(connection);
      await connection.flush?.();
      if (how.jetstream !== undefined) await ensureStream(connection, how);
      const session = new NatsSession(connection, how, handlers);
      // An object with no more than the methods that a bus needs may count their calls.
      if (typeof connection.status === 'function') session.watch();
      else handlers.onNoHeartbeats();
      return session;
    },
  };
}

/** @param {Foreign} connection */
function mustBeOpen(connection) {
  if (connection.isClosed?.()) throw failure('the connection that NatsEventBus was given is closed');
}

class NatsSession {
  #connection;
  #how;
  #handlers;
  #heartbeats;
  /** Called at the end of the session. @type {(() => unknown)[]} */
  #ends = [];

  /**
   * @param {Foreign} connection
   * @param {How} how
   * @param {import('./session.js').Handlers} handlers
   */
  constructor(connection, how, handlers) {
    this.#connection = connection;
    this.#how = how;
    this.#handlers = handlers;
    this.#heartbeats = `${how.subject}.heartbeat`;
  }

  get place() {
    return this.#connection.getServer?.();
  }

  /**
   * @param {Buffer} bytes
   * @param {boolean} isHeartbeat
   */
  async publish(bytes, isHeartbeat) {
    mustBeOpen(this.#connection);
    const { max_payload: most } = this.#connection.info ?? {};
    if (bytes.length > most) throw refused(`${bytes.length} bytes, more than ${most} (max_payload)`);
    if (isHeartbeat) this.#connection.publish(this.#heartbeats, bytes);
    else if (this.#how.jetstream === undefined) this.#connection.publish(this.#how.subject, bytes);
    else await this.#store(bytes);
  }

  /** @param {Buffer} bytes */
  async #store(bytes) {
    try {
      await jetstreamOf(this.#connection, 'jetstream').publish(this.#how.subject, bytes);
    } catch (error) {
      const { api_error: answer } = /** @type {Foreign} */ (error) ?? {};
      throw TOO_LARGE.has(answer?.err_code) ? refused(answer.description) : error;
    }
  }

  async subscribe() {
    const isStream = this.#how.jetstream !== undefined;
    const canListen = typeof this.#connection.subscribe === 'function';
    if (!canListen && !isStream) {
      // It publishes all the same.
      this.#how.logger.error(NO_SUBSCRIBE);
      return false;
    }
    const continues = isStream ? await this.#listenToStream() : this.#listen();
    if (canListen && typeof this.#connection.status === 'function') {
      this.#listenToHeartbeats(isStream ? ARRIVAL.SIGN_OF_LIFE : ARRIVAL.HEARTBEAT);
    }
    await this.#connection.flush?.();
    // It was closed meanwhile.
    if (this.#handlers.signal.aborted) await this.close();
    return continues;
  }

  #listen() {
    const { onMessage } = this.#handlers;
    this.#consume(this.#open(this.#how.subject), ({ data }) => onMessage(data, ARRIVAL.EVENT));
    return false;
  }

  async #listenToStream() {
    const { onMessage, onLost } = this.#handlers;
    const { messages, statuses, end, continues, ackWaitMs } = await openStream(this.#connection, this.#how);
    const taken = new Taken(ackWaitMs);
    this.#ends.push(end, () => taken.end());
    this.#consume(messages, (message) => {
      const outcome = taken.take(message);
      if (outcome === undefined) return;
      onMessage(message.data, message.redelivered === true ? ARRIVAL.AGAIN : ARRIVAL.EVENT, outcome);
    });
    const heed = (/** @type {Foreign} */ status) => {
      if (isSilent(status)) onLost('the server does not hand out events of the stream');
    };
    if (statuses !== undefined) this.#consume(statuses, heed, () => {});
    return continues;
  }

  /** @param {string} subject */
  #open(subject) {
    const messages = this.#connection.subscribe(subject);
    this.#ends.push(() => messages.unsubscribe?.());
    return messages;
  }

  /** @param {number} arrival */
  #listenToHeartbeats(arrival) {
    const { onMessage, onNoHeartbeats } = this.#handlers;
    const take = async (/** @type {Foreign} */ message) => {
      // Events that came before it, by another iterator, go first.
      await new Promise((resolve) => void setImmediate(resolve));
      onMessage(message.data, arrival);
    };
    // One that ends without the connection was refused.
    this.#consume(this.#open(this.#heartbeats), take, () => onNoHeartbeats());
  }

  /**
   * @param {AsyncIterable<any>} messages
   * @param {(message: Foreign) => unknown} take
   * @param {(error: unknown) => void} [ended]
   */
  async #consume(messages, take, ended = this.#handlers.onLost) {
    try {
      for await (const message of messages) await take(message);
      ended('the subscription of the event bus ended');
    } catch (error) {
      ended(error);
    }
  }

  /** Notices that the client has lost its connection, also if it connects again by itself, or lacks a right. */
  async watch() {
    const { onLost, signal } = this.#handlers;
    this.#connection.closed?.()?.then?.(() => onLost('the connection that NatsEventBus was given is closed'));
    const statuses = this.#connection.status();
    this.#ends.push(() => statuses.stop?.());
    try {
      for await (const { type, permissionContext: denied } of statuses) {
        if (signal.aborted) return;
        if (type === 'disconnect' || type === 'reconnect') onLost(`the client of NATS tells "${type}"`);
        if (denied?.operation === 'publish') this.#mayNotPublish(denied.subject);
      }
    } catch {
      // The connection reports no more.
    }
  }

  /** @param {string} subject */
  #mayNotPublish(subject) {
    const { onLost, onNoHeartbeats } = this.#handlers;
    if (subject === this.#heartbeats) onNoHeartbeats();
    else if (subject === this.#how.subject) onLost(`the user of NATS may not publish to "${subject}"`);
  }

  async close() {
    const ends = this.#ends.splice(0);
    await Promise.all(ends.map((end) => end()));
  }
}

/** @param {string} why */
function refused(why) {
  return Object.assign(failure(`the event is too large for NATS: ${why}`), { code: 'EVENT_REFUSED' });
}

module.exports = { natsTransport };
