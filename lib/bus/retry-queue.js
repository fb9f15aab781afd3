'use strict';
// Messages that a custom bus did not take: kept, bounded, and sent again in order.

const { packedBytes } = require('../serializer/pack.js');

/** Milliseconds before another attempt; twice as long after each that fails, at most the second. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
/** How long sending may take before it counts as failed, in milliseconds. */
const SEND_LIMIT_MS = 1000;
/** Bytes that wait. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * @typedef {object} Gate decides when to try again
 * @property {() => number} wait milliseconds to wait; 0: not at all; below 0: try once more, and then no more
 * @property {(sent: boolean) => void} tried takes the outcome
 */

class RetryQueue {
  #send;
  #maxSize;
  #logger;
  #gate;
  /** @type {{ event: any, bytes: number }[]} */
  #waiting = [];
  #bytes = 0;
  #dropped = 0;
  #keepsUp = true;
  #pauseMs = FIRST_PAUSE_MS;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** The event being sent; the next one waits for it. @type {Promise<void>} */
  #sending = Promise.resolve();
  /** How many wait for it. */
  #queued = 0;

  /**
   * @param {(event: any) => Promise<void>} send
   * @param {number} maxSize how many events wait at most
   * @param {import('../logger.js').Logger} logger
   * @param {Gate} gate
   */
  constructor(send, maxSize, logger, gate) {
    this.#send = send;
    this.#maxSize = maxSize;
    this.#logger = logger;
    this.#gate = gate;
  }

  get counts() {
    return { queued: this.#waiting.length, dropped: this.#dropped };
  }

  /**
   * Sends an event, after those that wait. The caller keeps an event that fails.
   * @param {Given} event
   * @returns {Promise<void>}
   */
  pass(event) {
    if (this.#waiting.length === 0 && this.#queued === 0) return this.#send(event);
    return this.#inTurn(async () => {
      await this.#sendWaiting();
      await this.#send(event);
    });
  }

  /**
   * @param {() => Promise<void>} act
   * @returns {Promise<void>}
   */
  #inTurn(act) {
    this.#queued++;
    const acted = this.#sending.then(act);
    const over = () => {
      this.#queued--;
    };
    this.#sending = acted.then(over, over);
    return acted;
  }

  async #sendWaiting() {
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      await inTime(this.#send(first.event));
      // It may have made room meanwhile.
      if (this.#waiting[0] === first) this.#shift();
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#keepsUp = true;
  }

  #shift() {
    this.#bytes -= this.#waiting.shift()?.bytes ?? 0;
  }

  /**
   * Keeps an event that was not sent. The oldest make room; that is logged once until the queue has been sent.
   * @param {Given} event
   */
  keep(event) {
    const bytes = packedBytes(event);
    this.#waiting.push({ event, bytes });
    this.#bytes += bytes;
    while (this.#waiting.length > this.#maxSize || (this.#bytes > MOST_BYTES && this.#waiting.length > 1)) {
      this.#shift();
      this.#dropped++;
      if (this.#keepsUp) this.#logger.warn('the retry queue of the event bus is full: the oldest events are dropped');
      this.#keepsUp = false;
    }
    this.#tryLater();
  }

  #tryLater() {
    if (this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#tryIn(this.#pauseMs * (0.5 + Math.random() / 2));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** @param {number} millis */
  #tryIn(millis) {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tryNow();
    }, millis);
    // Waiting for a broker does not keep the process alive.
    this.#timer.unref();
  }

  #tryNow() {
    const wait = this.#gate.wait();
    // A timer cannot wait longer.
    if (wait > 0) {
      this.#tryIn(Math.min(wait, 0x7fff_ffff));
      return;
    }
    const tried = this.#inTurn(() => this.#sendWaiting());
    tried.then(
      () => this.#gate.tried(true),
      () => {
        this.#gate.tried(false);
        if (wait === 0) this.#tryLater();
      },
    );
  }
}

/**
 * @param {Promise<void>} sent
 * @returns {Promise<void>}
 */
function inTime(sent) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not taken within ${SEND_LIMIT_MS} ms`)), SEND_LIMIT_MS);
    timer.unref();
    sent.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

module.exports = { RetryQueue };
