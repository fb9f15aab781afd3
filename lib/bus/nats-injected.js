'use strict';
// An event bus by way of a connection of the package `nats`, which stays its owner's.

const { failure } = require('../errors.js');
const { deserialize } = require('../serializer/serializer.js');
const { encodeInvalidationEvent, shownEvent } = require('./event.js');
const { Handling, missedBy } = require('./handling.js');
const { RetryQueue } = require('./retry-queue.js');

const NANOS_PER_MILLI = 1_000_000;
/** Milliseconds before an event that could not be handled is delivered again. */
const AGAIN_MS = 1000;

/**
 * Makes a missing stream or consumer. Another instance may do so at the same time: the second one is refused then.
 * @param {() => any} find
 * @param {() => any} make
 */
async function ensure(find, make) {
  const isThere = async () => {
    try {
      return Boolean(await find());
    } catch {
      return false;
    }
  };
  if (await isThere()) return;
  try {
    await make();
  } catch (error) {
    if (!(await isThere())) throw error;
  }
}

/**
 * @typedef {object} How
 * @property {string} subject
 * @property {Foreign} [jetstream] as lib/bus/nats-event-bus.js reads them
 * @property {{ enabled: boolean, maxSize: number }} retryQueue
 * @property {import('../logger.js').Logger} logger
 */

class NatsInjectedBackend {
  #connection;
  #how;
  #queue;
  /** @type {Handling[]} */
  #handlings = [];
  /** Ends the subscription. @type {(() => any) | undefined} */
  #end;
  /** @type {Promise<void> | undefined} */
  #subscribing;
  #closed = false;

  /**
   * @param {Foreign} connection
   * @param {How} how
   */
  constructor(connection, how) {
    this.#connection = connection;
    this.#how = how;
    this.#queue = new RetryQueue((event) => this.#send(event), how.retryQueue, how.logger);
  }

  async connect() {
    this.#closed = false;
    if (this.#connection.isClosed?.()) throw failure('the connection that NatsEventBus was given is closed');
    if (this.#how.jetstream !== undefined) await this.#ensureStream();
  }

  /** @param {Given} event */
  async #send(event) {
    const { subject, jetstream } = this.#how;
    if (this.#connection.isClosed?.()) throw failure('the connection that NatsEventBus was given is closed');
    const payload = encodeInvalidationEvent(event);
    if (jetstream !== undefined) await this.#jetstream('jetstream').publish(subject, payload);
    else this.#connection.publish(subject, payload);
  }

  /** @param {Given} event */
  async publish(event) {
    if (this.#closed) throw failure('the event bus was disconnected');
    await this.#queue.publish(event);
  }

  /** @param {(event: any) => any} handler */
  async subscribe(handler) {
    this.#handlings.push(new Handling(handler, { concurrency: 1, logger: this.#how.logger }));
    this.#subscribing ??= this.#how.jetstream === undefined ? this.#openCore() : this.#openStream();
    await this.#subscribing;
  }

  async #openCore() {
    const subscription = this.#connection.subscribe(this.#how.subject);
    this.#end = () => subscription.unsubscribe?.();
    this.#consume(subscription);
    await this.#connection.flush?.();
  }

  async #openStream() {
    await this.#ensureStream();
    const { stream, durableName, ackWaitMs, maxDeliver, ensureConsumer } = /** @type {Foreign} */ (this.#how.jetstream);
    const { consumers } = await this.#jetstream('jetstreamManager');
    const config = {
      durable_name: durableName,
      deliver_policy: 'all',
      ack_policy: 'explicit',
      ack_wait: ackWaitMs * NANOS_PER_MILLI,
      max_deliver: maxDeliver,
      filter_subject: this.#how.subject,
    };
    if (ensureConsumer)
      await ensure(
        () => consumers.info(stream, durableName),
        () => consumers.add(stream, config),
      );
    const consumer = await this.#jetstream('jetstream').consumers.get(stream, durableName);
    const messages = await consumer.consume();
    this.#end = () => messages.close?.() ?? messages.stop?.();
    this.#consume(messages);
  }

  async #ensureStream() {
    const { stream, storage, maxAgeMs, maxMsgs, ensureStream } = /** @type {Foreign} */ (this.#how.jetstream);
    if (!ensureStream) return;
    const { streams } = await this.#jetstream('jetstreamManager');
    const limits = { max_msgs: maxMsgs, max_age: maxAgeMs * NANOS_PER_MILLI };
    const config = { name: stream, subjects: [this.#how.subject], storage, ...limits };
    await ensure(
      () => streams.info(stream),
      () => streams.add(config),
    );
  }

  /** @param {'jetstream' | 'jetstreamManager'} method */
  #jetstream(method) {
    if (typeof this.#connection[method] !== 'function') {
      throw failure(`the connection that NatsEventBus was given has no ${method}(): give "connectionOptions" instead`);
    }
    return this.#connection[method]();
  }

  /** @param {AsyncIterable<any>} messages */
  async #consume(messages) {
    try {
      for await (const message of messages) this.#hear(message);
    } catch (error) {
      this.#how.logger.error('the subscription of the event bus ended', error);
    }
  }

  /** @param {Foreign} message */
  #hear(message) {
    const event = deserialize(message.data);
    if (event === null || typeof event !== 'object') {
      message.ack?.();
      return;
    }
    let left = this.#handlings.length;
    let isWell = true;
    const done = (/** @type {boolean} */ well) => {
      isWell &&= well;
      left--;
      if (left > 0 || this.#how.jetstream === undefined) return;
      if (isWell) message.ack();
      else message.nak(AGAIN_MS);
    };
    const acknowledged = this.#how.jetstream === undefined ? undefined : done;
    const isRedelivered = message.redelivered === true;
    for (const handling of this.#handlings) {
      handling.push(shownEvent(event, isRedelivered), message.data?.length ?? 0, acknowledged);
    }
  }

  async health() {
    const status = { subscribed: this.#end !== undefined, ...this.#queue.counts };
    const counts = { ...status, missed: missedBy(this.#handlings) };
    try {
      await this.connect();
      await this.#connection.flush?.();
      return { ok: true, place: this.#connection.getServer?.(), ...counts };
    } catch (error) {
      return { ok: false, error, ...counts };
    }
  }

  async disconnect() {
    this.#closed = true;
    await this.#queue.close();
    const end = this.#end;
    this.#end = undefined;
    this.#subscribing = undefined;
    this.#handlings = [];
    await end?.();
  }
}

module.exports = { NatsInjectedBackend };
