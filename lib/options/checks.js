'use strict';
// What each kind of option may be.

const { optionRange, optionType } = require('../errors.js');

/** @typedef {(path: string, value: any) => number} Check gives the number that crosses to the addon */

/**
 * A number of milliseconds, 0 or Infinity for no end.
 * @type {Check}
 */
function lifetime(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more (0 and Infinity: no expiry)', (n) => n >= 0);
}

/**
 * A number of milliseconds for which something beside the entries is kept: 0 for not at all, Infinity for no end.
 * @type {Check}
 */
function span(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more (0: not at all, Infinity: no end)', (n) => n >= 0);
}

/**
 * A number of milliseconds that something may take.
 * @type {Check}
 */
function limit(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more (0 and Infinity: no limit)', (n) => n >= 0);
}

/**
 * A number of milliseconds above 0.
 * @type {Check}
 */
function duration(path, value) {
  return number(path, value, 'a number of milliseconds above 0', (n) => n > 0);
}

/**
 * A number of milliseconds, 0 or more. A 0 crosses as a time too short to matter: as a lifetime it has no end.
 * @type {Check}
 */
function wait(path, value) {
  return number(path, value, 'a finite number of milliseconds, 0 or more', (n) => n >= 0 && n !== Infinity) || 1e-3;
}

/**
 * A positive integer, or Infinity for no bound.
 * @type {Check}
 */
function entries(path, value) {
  return number(path, value, 'a positive integer or Infinity', (n) => n > 0 && (Number.isInteger(n) || n === Infinity));
}

/**
 * A positive integer.
 * @type {Check}
 */
function count(path, value) {
  return number(path, value, 'a positive integer', (n) => n > 0 && Number.isInteger(n));
}

/**
 * A number of bytes.
 * @type {Check}
 */
function bytes(path, value) {
  return number(path, value, 'a number of bytes: an integer, 0 or more', (n) => n >= 0 && Number.isInteger(n));
}

/** @type {Check} */
function flag(path, value) {
  if (typeof value !== 'boolean') throw optionType(path, 'true or false', value);
  return value ? 1 : 0;
}

/** @type {Check} */
function policy(path, value) {
  const known = ['lru', 'tinylfu'];
  if (typeof value !== 'string') throw optionType(path, 'one of "lru", "tinylfu"', value);
  if (!known.includes(value)) throw optionRange(path, 'one of "lru", "tinylfu"', value);
  return known.indexOf(value);
}

/**
 * @param {string} path
 * @param {any} value
 * @param {string} allowed
 * @param {(value: number) => boolean} fits
 */
function number(path, value, allowed, fits) {
  if (typeof value !== 'number') throw optionType(path, allowed, value);
  if (!fits(value)) throw optionRange(path, allowed, value);
  return value;
}

/** The check of each option that crosses to the addon. @type {Record<string, Check>} */
const CHECKS = Object.freeze({
  ttlMs: lifetime,
  'levels.L1.ttlMs': lifetime,
  'levels.L2.ttlMs': lifetime,
  'inflight.enabled': flag,
  'inflight.ttlMs': span,
  'inflight.maxEntries': entries,
  'negativeCache.enabled': flag,
  'negativeCache.ttlMs': span,
  'failSafe.enabled': flag,
  'failSafe.staleTtlMs': span,
  'timeouts.softMs': wait,
  'timeouts.hardMs': duration,
  'distributedLock.enabled': flag,
  'distributedLock.ttlMs': duration,
  'distributedLock.waitTimeoutMs': wait,
  'distributedLock.pollMs': duration,
  'negativeCache.maxEntries': entries,
  'levels.L1.maxEntries': entries,
  'levels.L1.maxBytes': count,
  'levels.L1.policy': policy,
  'levels.L2.maxEntries': entries,
  'versioning.enabled': flag,
  'resilience.l2CircuitBreaker.enabled': flag,
  'resilience.l2CircuitBreaker.failureThreshold': count,
  'resilience.l2CircuitBreaker.cooldownMs': wait,
  'resilience.eventBusCircuitBreaker.enabled': flag,
  'resilience.eventBusCircuitBreaker.failureThreshold': count,
  'resilience.eventBusCircuitBreaker.cooldownMs': wait,
  'resilience.l2TimeoutMs': limit,
  broadcastSet: flag,
  broadcastSetMaxBytes: bytes,
  eventDedupeMaxEntries: entries,
  eventDedupeTtlMs: span,
  'resilience.eventBusDownL1TtlMs': span,
  subscribeToEvents: flag,
});

module.exports = { CHECKS, bytes, count, flag, limit, wait };
