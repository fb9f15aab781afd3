'use strict';
// A circuit breaker of the engine.

const { BREAKER_STATES } = require('./contract/words.js');
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

class Breaker {
  /** @param {Given} options */
  constructor(options) {
    mustBeObject('options', options);
    const { enabled, failureThreshold, cooldownMs } = options ?? {};
    /** Its number in the addon. */
    this.id = raw.createBreaker(
      optional('enabled', enabled, yes),
      optional('failureThreshold', failureThreshold, entries),
      optional('cooldownMs', cooldownMs, endless),
    );
    bridge.released.breaker.register(this, this.id);
  }

  state() {
    attune();
    return BREAKER_STATES[raw.breakerState(this.id)];
  }

  canCall() {
    attune();
    return raw.breakerCanCall(this.id);
  }

  /** @param {boolean} isSuccess */
  record(isSuccess) {
    if (!isSuccess) attune();
    return BREAKER_STATES[raw.breakerRecord(this.id, isSuccess)];
  }
}

module.exports = { Breaker };
