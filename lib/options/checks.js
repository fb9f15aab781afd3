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
 * The lifetime that a call gives: it may be over, as one that was computed from a token's end.
 * @type {Check}
 */
function anyLifetime(path, value) {
  return number(path, value, 'a number of milliseconds (below 0: not kept; 0 and Infinity: no expiry)', (n) => !Number.isNaN(n));
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
 * A finite number of milliseconds, 0 or more.
 * @type {Check}
 */
function timeout(path, value) {
  return number(path, value, 'a finite number of milliseconds, 0 or more', (n) => n >= 0 && n !== Infinity);
}

/**
 * The same for the engine. A 0 crosses as a time too short to matter: as a lifetime it has no end.
 * @type {Check}
 */
function wait(path, value) {
  return timeout(path, value) || 1e-3;
}

/**
 * A number of milliseconds, 0 or more, or Infinity for one that does not end. A 0 crosses as above.
 * @type {Check}
 */
function endless(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more, or Infinity', (n) => n >= 0) || 1e-3;
}

/**
 * A positive integer, or Infinity for no bound.
 * @type {Check}
 */
function entries(path, value) {
  return number(path, value, 'a positive integer or Infinity', (n) => n > 0 && (Number.isInteger(n) || n === Infinity));
}

/**
 * A number of entries, 0 for none and Infinity for no bound.
 * @type {Check}
 */
function entriesOrNone(path, value) {
  return number(path, value, 'an integer, 0 or more (0: none), or Infinity', isCount);
}

/**
 * The most entries of the memory layer. A 0 crosses as Infinity: both are no bound.
 * @type {Check}
 */
function bound(path, value) {
  return number(path, value, 'a positive integer (0 and Infinity: no bound)', isCount) || Infinity;
}

/** @param {number} n */
const isCount = (n) => n >= 0 && (Number.isInteger(n) || n === Infinity);

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
  return number(path, value, 'a number of bytes: an integer, 0 or more, or Infinity', isCount);
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
  'inflight.maxEntries': entriesOrNone,
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
  'levels.L1.maxEntries': bound,
  'levels.L1.maxBytes': count,
  'levels.L1.policy': policy,
  'levels.L2.maxEntries': entries,
  'versioning.enabled': flag,
  'resilience.l2CircuitBreaker.enabled': flag,
  'resilience.l2CircuitBreaker.failureThreshold': entries,
  'resilience.l2CircuitBreaker.cooldownMs': endless,
  'resilience.eventBusCircuitBreaker.enabled': flag,
  'resilience.eventBusCircuitBreaker.failureThreshold': entries,
  'resilience.eventBusCircuitBreaker.cooldownMs': endless,
  'resilience.l2TimeoutMs': limit,
  broadcastSet: flag,
  broadcastSetMaxBytes: bytes,
  eventDedupeMaxEntries: entriesOrNone,
  eventDedupeTtlMs: span,
  'resilience.eventBusDownL1TtlMs': span,
  subscribeToEvents: flag,
});

/** Of a call some may be more. @type {Record<string, Check>} */
const CALL_CHECKS = Object.freeze({
  ...CHECKS,
  ttlMs: anyLifetime,
  'levels.L1.ttlMs': anyLifetime,
  'levels.L2.ttlMs': anyLifetime,
});

module.exports = { CALL_CHECKS, CHECKS, bytes, count, endless, entries, entriesOrNone, flag, limit, timeout };
