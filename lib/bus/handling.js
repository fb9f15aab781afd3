'use strict';
// Messages on their way to a handler of a user: in order, tried again when it fails, bounded.

const { KeptContext } = require('../context.js');

/**
 * @typedef {object} Waiting
 * @property {unknown} event
 * @property {number} size in bytes
 * @property {((well: boolean) => void) | undefined} done
 */

/** How often a failing handler gets an event before the broker gets to know of the failure. */
const ATTEMPTS = 3;
/** Milliseconds before the second attempt; each further pause is four times as long. */
const FIRST_PAUSE_MS = 100;
/** Events that wait for a handler, and the bytes that they may take. */
const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 32 * 1024 * 1024;

class Handling {
  #handler;
  /** The asynchronous context of `subscribe`, in which the handler runs. */
  #context = new KeptContext('LazyLayersEventBusHandler');
  #concurrency;
  #logger;
  #running = 0;
  /** @type {Waiting[]} */
  #waiting = [];
  #waitingBytes = 0;
  #keepsUp = true;
  /** How many events were dropped. */
  dropped = 0;

  /**
   * @param {(event: any) => any} handler
   * @param {object} how
   * @param {number} how.concurrency how many events it is given at a time
   * @param {import('../logger.js').Logger} how.logger
   */
  constructor(handler, { concurrency, logger }) {
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#logger = logger;
  }

  /**
   * Hands an event on as soon as its turn has come.
   * @param {unknown} event
   * @param {number} size in bytes
   * @param {(well: boolean) => void} [done] for brokers that deliver it again when it was not handled
   */
  push(event, size, done) {
    this.#waiting.push({ event, size, done });
    this.#waitingBytes += size;
    this.#next();
    // Brokers that wait for outcomes deliver no more than fits.
    if (done !== undefined) return;
    while (
      this.#waiting.length > MOST_WAITING ||
      (this.#waitingBytes > MOST_WAITING_BYTES && this.#waiting.length > 1)
    ) {
      this.#take();
      this.drop(1);
    }
  }

  /**
   * Counts events that were dropped, here or on their way here. Logged once, until all waiting events were handled.
   * @param {number} count
   */
  drop(count) {
    this.dropped += count;
    if (this.#keepsUp) this.#logger.warn('a handler of the event bus does not keep up: the oldest events are dropped');
    this.#keepsUp = false;
  }

  #take() {
    const taken = this.#waiting.shift();
    this.#waitingBytes -= taken?.size ?? 0;
    return taken;
  }

  #next() {
    while (this.#running < this.#concurrency) {
      const next = this.#take();
      if (next === undefined) {
        this.#keepsUp = true;
        return;
      }
      this.#running++;
      this.#run(next);
    }
  }

  /** @param {Waiting} next */
  async #run({ event, done }) {
    const well = await this.#handle(event);
    this.#running--;
    done?.(well);
    this.#next();
  }

  /**
   * @param {unknown} event
   * @returns {Promise<boolean>} whether it went well; never rejects
   */
  async #handle(event) {
    const handler = this.#handler;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#context.runInAsyncScope(handler, undefined, event);
        return true;
      } catch (error) {
        if (attempt === ATTEMPTS) {
          this.#logger.error(`a handler of the event bus failed ${ATTEMPTS} times for one event`, error);
          return false;
        }
        this.#logger.error('a handler of the event bus failed: it is given the event again', error);
        await pause(FIRST_PAUSE_MS * 4 ** (attempt - 1));
      }
    }
  }
}

/**
 * How many events handlers did not get.
 * @param {Iterable<Handling>} handlings
 */
function missedBy(handlings) {
  let missed = 0;
  for (const { dropped } of handlings) missed += dropped;
  return missed;
}

/** @param {number} millis */
function pause(millis) {
  return new Promise((resolve) => {
    setTimeout(resolve, millis);
  });
}

module.exports = { Handling, missedBy, ATTEMPTS };
