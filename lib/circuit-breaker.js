'use strict';
// The circuit breaker of the engine as a class of its own.

const { optionType } = require('./errors.js');
const { count, flag, wait } = require('./options/checks.js');
const { bridge } = require('./raw.js');

const { raw } = bridge;
const STATES = /** @type {const} */ (['closed', 'open', 'half-open']);

const released = new FinalizationRegistry((/** @type {number} */ id) => raw.releaseBreaker(id));

class CircuitBreaker {
  #id;

  /** @param {any} [options] */
  constructor(options = {}) {
    if (options === null || typeof options !== 'object') throw optionType('options', 'an object', options);
    const { enabled, failureThreshold, cooldownMs } = options;
    this.#id = raw.createBreaker(
      enabled === undefined ? NaN : flag('enabled', enabled),
      failureThreshold === undefined ? NaN : count('failureThreshold', failureThreshold),
      cooldownMs === undefined ? NaN : wait('cooldownMs', cooldownMs),
    );
    released.register(this, this.#id);
  }

  get currentState() {
    return STATES[raw.breakerState(this.#id)];
  }

  canCall() {
    return raw.breakerCanCall(this.#id) === 1;
  }

  recordSuccess() {
    return STATES[raw.breakerRecord(this.#id, 1)];
  }

  recordFailure() {
    return STATES[raw.breakerRecord(this.#id, 0)];
  }
}

module.exports = { CircuitBreaker };
