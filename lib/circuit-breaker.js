'use strict';
// The circuit breaker of the engine as a class of its own.

const { BREAKER_STATES } = require('./contract/words.js');
const { hide } = require('./hidden.js');
const { endless, entries, yes } = require('./options/checks.js');
const { mustBeObject } = require('./options/read.js');
const { bridge } = require('./raw.js');
const { attune } = require('./time.js');

const { raw } = bridge;

/**
 * An option as it crosses.
 * @template {number | boolean} T
 * @param {string} path
 * @param {unknown} value
 * @param {import('./options/checks.js').Check<T>} check
 */
const optional = (path, value, check) => (value === undefined || value === null ? undefined : check(path, value));

/** Its number in the addon. */
const BREAKER = Symbol('breaker');

class CircuitBreaker {
  /** @param {Given} [options] */
  constructor(options = {}) {
    mustBeObject('options', options);
    const { enabled, failureThreshold, cooldownMs } = options ?? {};
    const id = raw.createBreaker(
      optional('enabled', enabled, yes),
      optional('failureThreshold', failureThreshold, entries),
      optional('cooldownMs', cooldownMs, endless),
    );
    hide(this, BREAKER, { id });
    bridge.released.breaker.register(this, id);
  }

  get currentState() {
    attune();
    return BREAKER_STATES[raw.breakerState(idOf(this))];
  }

  canCall() {
    attune();
    return raw.breakerCanCall(idOf(this));
  }

  recordSuccess() {
    return BREAKER_STATES[raw.breakerRecord(idOf(this), true)];
  }

  recordFailure() {
    attune();
    return BREAKER_STATES[raw.breakerRecord(idOf(this), false)];
  }
}

/** @param {Foreign} breaker */
const idOf = (breaker) => breaker[BREAKER].id;

module.exports = { CircuitBreaker };
