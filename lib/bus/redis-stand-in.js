'use strict';
// An event bus by way of an object with the methods of an `ioredis` client.

const { failure } = require('../errors.js');
const { deserialize } = require('../serializer/serializer.js');
const { encodeInvalidationEvent, shownEvent } = require('./event.js');
const { Handling, missedBy } = require('./handling.js');
const { RetryQueue } = require('./retry-queue.js');

class RedisStandInBackend {
  #client;
  #channel;
  #how;
  #queue;
  /** @type {Foreign | undefined} */
  #subscriber;
  /** @type {Promise<void> | undefined} */
  #subscribing;
  #subscribed = false;
  /** @type {Handling[]} */
  #handlings = [];
  /** @type {(() => void)[]} */
  #gaps = [];
  #closed = false;

  /**
   * @param {Foreign} client
   * @param {string} channel
   * @param {{ retryQueue: any, logger: import('../logger.js').Logger, concurrency: number }} how
   */
  constructor(client, channel, how) {
    this.#client = client;
    this.#channel = channel;
    this.#how = how;
    const send = async (/** @type {Given} */ event) => {
      await client.publish(channel, encodeInvalidationEvent(event));
    };
    this.#queue = new RetryQueue(send, how.retryQueue, how.logger);
  }

  async connect() {
    this.#closed = false;
    await this.#client.ping?.();
  }

  /** @param {Given} event */
  async publish(event) {
    if (this.#closed) throw failure('the event bus was disconnected');
    await this.#queue.publish(event);
  }

  /** @param {(event: any) => any} handler */
  async subscribe(handler) {
    this.#handlings.push(new Handling(handler, this.#how));
    this.#subscribing ??= this.#open();
    await this.#subscribing;
  }

  /** Subscribes with a client of its own: one that is subscribed can do nothing else. */
  async #open() {
    const subscriber = this.#client.duplicate();
    this.#subscriber = subscriber;
    let wasReady = subscriber.status === 'ready';
    subscriber.on('messageBuffer', (/** @type {unknown} */ channel, /** @type {Buffer} */ payload) => {
      if (String(channel) === this.#channel) this.#hear(payload);
    });
    subscriber.on('error', (/** @type {unknown} */ error) => this.#how.logger.warn('the event bus', error));
    subscriber.on('ready', () => {
      // The client has subscribed again by itself: events that were sent meanwhile are lost.
      if (wasReady) for (const heal of this.#gaps) heal();
      wasReady = true;
    });
    await subscriber.subscribe(this.#channel);
    wasReady = true;
    this.#subscribed = true;
  }

  /** @param {Buffer} payload */
  #hear(payload) {
    const event = deserialize(payload);
    if (event === null || typeof event !== 'object') return;
    const shown = shownEvent(event);
    for (const handling of this.#handlings) handling.push(shown, payload.length);
  }

  /** @param {() => void} heal */
  onGap(heal) {
    this.#gaps.push(heal);
  }

  async health() {
    const [publisher, subscriber] = [this.#client, this.#subscriber].map(
      (client) => client?.status ?? (client ? 'ready' : 'wait'),
    );
    const status = { publisher, subscriber, subscribed: this.#subscribed, ...this.#queue.counts };
    const counts = { ...status, missed: missedBy(this.#handlings) };
    try {
      await this.connect();
      return { ok: true, ...counts };
    } catch (error) {
      return { ok: false, error, ...counts };
    }
  }

  async disconnect() {
    this.#closed = true;
    await this.#queue.close();
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    this.#subscribing = undefined;
    this.#subscribed = false;
    this.#handlings = [];
    if (subscriber === undefined) return;
    // Not waited for: there may be no server to answer.
    Promise.resolve(subscriber.unsubscribe?.(this.#channel)).catch(() => {});
    subscriber.disconnect();
  }
}

module.exports = { RedisStandInBackend };
