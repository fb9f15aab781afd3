'use strict';
// The circuit breaker of the engine as a class of its own.

const { count, flag, wait } = require('./options/checks.js');
const { mustBeObject } = require('./options/read.js');
const { bridge } = require('./raw.js');

const { raw } = bridge;
const STATES = /** @type {const} */ (['closed', 'open', 'half-open']);

/**
 * An option as it crosses: NaN when it is not given.
 * @param {string} path
 * @param {any} value
 * @param {import('./options/checks.js').Check} check
 */
const given = (path, value, check) => (value === undefined || value === null ? NaN : check(path, value));

class CircuitBreaker {
  #id;

  /** @param {any} [options] */
  constructor(options = {}) {
    mustBeObject('options', options);
    const { enabled, failureThreshold, cooldownMs } = options ?? {};
    this.#id = raw.createBreaker(
      given('enabled', enabled, flag),
      given('failureThreshold', failureThreshold, count),
      given('cooldownMs', cooldownMs, wait),
    );
    bridge.released.breaker.register(this, this.#id);
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
