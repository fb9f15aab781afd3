'use strict';
// Events on their way to a handler of the user's: in order, tried again when it fails, bounded.

/** How often an event is given to a handler that fails, before the broker is told so. */
const ATTEMPTS = 3;
/** Milliseconds before the second attempt; each further pause is four times as long. */
const FIRST_PAUSE_MS = 100;
/** Events that wait for a handler. */
const MOST_WAITING = 10_000;

class Handling {
  #handler;
  #concurrency;
  #logger;
  #running = 0;
  /** @type {{ event: any, done: ((well: boolean) => void) | undefined }[]} */
  #waiting = [];
  #dropped = 0;

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
   * @param {any} event
   * @param {(well: boolean) => void} [done] for brokers that deliver it again when it was not handled
   */
  push(event, done) {
    if (done === undefined && this.#waiting.length >= MOST_WAITING) {
      this.#waiting.shift();
      this.#dropped++;
      if (this.#dropped % 1000 === 1) {
        this.#logger.warn(`a handler of the event bus does not keep up: ${this.#dropped} events dropped`);
      }
    }
    this.#waiting.push({ event, done });
    this.#next();
  }

  #next() {
    while (this.#running < this.#concurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running++;
      this.#run(next);
    }
  }

  /** @param {{ event: any, done: ((well: boolean) => void) | undefined }} next */
  async #run({ event, done }) {
    const well = await this.#handle(event);
    this.#running--;
    done?.(well);
    this.#next();
  }

  /**
   * @param {any} event
   * @returns {Promise<boolean>} whether it went well; never rejects
   */
  async #handle(event) {
    const handler = this.#handler;
    for (let attempt = 1; ; attempt++) {
      try {
        await handler(event);
        return true;
      } catch (error) {
        if (attempt === ATTEMPTS) {
          this.#logger.error(`a handler of the event bus failed ${ATTEMPTS} times for one event`, error);
          return false;
        }
        this.#logger.warn('a handler of the event bus failed: it is given the event again', error);
        await pause(FIRST_PAUSE_MS * 4 ** (attempt - 1));
      }
    }
  }
}

/** @param {number} millis */
function pause(millis) {
  return new Promise((resolve) => {
    setTimeout(resolve, millis);
  });
}

module.exports = { Handling, ATTEMPTS };
