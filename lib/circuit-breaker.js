'use strict';
// The circuit breaker of the engine as a class of its own. Its calls are loaded with the first one: see breaker.js.

const { hide } = require('./hidden.js');
const { lazy } = require('./lazy.js');

const breakers = lazy(() => require('./breaker.js'));

const BREAKER = Symbol('breaker');

class CircuitBreaker {
  /** @param {Given} [options] */
  constructor(options = {}) {
    hide(this, BREAKER, new (breakers().Breaker)(options));
  }

  get currentState() {
    return breakerOf(this).state();
  }

  canCall() {
    return breakerOf(this).canCall();
  }

  recordSuccess() {
    return breakerOf(this).record(true);
  }

  recordFailure() {
    return breakerOf(this).record(false);
  }
}

/** @param {Foreign} owner @returns {import('./breaker.js').Breaker} */
const breakerOf = (owner) => owner[BREAKER];

module.exports = { CircuitBreaker };
