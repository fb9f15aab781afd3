'use strict';
// Events that a client of the user's did not take: kept, bounded, and sent again in order.

/** Milliseconds before another attempt; twice as long after each that fails, at most the second. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

class RetryQueue {
  #send;
  #options;
  #logger;
  /** @type {any[]} */
  #events = [];
  #dropped = 0;
  #pauseMs = FIRST_PAUSE_MS;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** What is being sent; the next event waits for it. @type {Promise<void>} */
  #sending = Promise.resolve();

  /**
   * @param {(event: any) => Promise<void>} send
   * @param {{ enabled: boolean, maxSize: number }} options
   * @param {import('../logger.js').Logger} logger
   */
  constructor(send, options, logger) {
    this.#send = send;
    this.#options = options;
    this.#logger = logger;
  }

  get counts() {
    return { queued: this.#events.length, dropped: this.#dropped };
  }

  /**
   * Sends an event after those that wait. Rejects when that fails; the event waits then.
   * @param {any} event
   * @returns {Promise<void>}
   */
  publish(event) {
    const sent = this.#sending.then(() => this.#publish(event));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** @param {any} event */
  async #publish(event) {
    try {
      await this.#sendWaiting();
      await this.#send(event);
    } catch (error) {
      this.#keep(event);
      throw error;
    }
  }

  async #sendWaiting() {
    while (this.#events.length > 0) {
      await this.#send(this.#events[0]);
      this.#events.shift();
    }
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** @param {any} event */
  #keep(event) {
    if (!this.#options.enabled) return;
    this.#events.push(event);
    if (this.#events.length > this.#options.maxSize) {
      this.#events.shift();
      this.#dropped++;
      if (this.#dropped % 1000 === 1) {
        this.#logger.warn(`the retry queue of the event bus is full: ${this.#dropped} of the oldest events dropped`);
      }
    }
    this.#tryLater();
  }

  #tryLater() {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#sending.then(() => this.#sendWaiting()).catch(() => this.#tryLater());
    }, this.#pauseMs * (0.5 + Math.random() / 2));
    // What waits for a broker is no reason to live on.
    this.#timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** Sends what waits, once, and tries no more. */
  async close() {
    clearTimeout(this.#timer);
    await this.#sending;
    await this.#sendWaiting().catch(() => {});
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

module.exports = { RetryQueue };
