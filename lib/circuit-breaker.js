'use strict';
// The circuit breaker of the engine as a class of its own.

const { BREAKER_STATES } = require('./contract/codes.js');
const { hide } = require('./hidden.js');
const { endless, entries, flag } = require('./options/checks.js');
const { mustBeObject } = require('./options/read.js');
const { bridge } = require('./raw.js');
const { attune } = require('./time.js');

const { raw } = bridge;

/**
 * An option as it crosses: NaN when it is not given.
 * @param {string} path
 * @param {any} value
 * @param {import('./options/checks.js').Check} check
 */
const given = (path, value, check) => (value === undefined || value === null ? NaN : check(path, value));

/** Its number in the addon. */
const BREAKER = Symbol('breaker');

class CircuitBreaker {
  /** @param {any} [options] */
  constructor(options = {}) {
    mustBeObject('options', options);
    const { enabled, failureThreshold, cooldownMs } = options ?? {};
    const id = raw.createBreaker(
      given('enabled', enabled, flag),
      given('failureThreshold', failureThreshold, entries),
      given('cooldownMs', cooldownMs, endless),
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
    return raw.breakerCanCall(idOf(this)) === 1;
  }

  recordSuccess() {
    return BREAKER_STATES[raw.breakerRecord(idOf(this), 1)];
  }

  recordFailure() {
    attune();
    return BREAKER_STATES[raw.breakerRecord(idOf(this), 0)];
  }
}

/** @param {any} breaker */
const idOf = (breaker) => breaker[BREAKER].id;

module.exports = { CircuitBreaker };
