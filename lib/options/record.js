'use strict';
// The order in which options cross to the addon, see src/options.rs.

/** Path of each option, in the order of the record. */
const FIELDS = Object.freeze([
  'ttlMs',
  'levels.L1.ttlMs',
  'levels.L2.ttlMs',
  'inflight.enabled',
  'inflight.ttlMs',
  'inflight.maxEntries',
  'negativeCache.enabled',
  'negativeCache.ttlMs',
  'failSafe.enabled',
  'failSafe.staleTtlMs',
  'timeouts.softMs',
  'timeouts.hardMs',
  'distributedLock.enabled',
  'distributedLock.ttlMs',
  'distributedLock.waitTimeoutMs',
  'distributedLock.pollMs',
  'negativeCache.maxEntries',
  'levels.L1.maxEntries',
  'levels.L1.maxBytes',
  'levels.L1.policy',
  'versioning.enabled',
  'resilience.l2CircuitBreaker.enabled',
  'resilience.l2CircuitBreaker.failureThreshold',
  'resilience.l2CircuitBreaker.cooldownMs',
  'resilience.eventBusCircuitBreaker.enabled',
  'resilience.eventBusCircuitBreaker.failureThreshold',
  'resilience.eventBusCircuitBreaker.cooldownMs',
  'broadcastSet',
  'broadcastSetMaxBytes',
  'eventDedupeMaxEntries',
  'eventDedupeTtlMs',
  'resilience.l2TimeoutMs',
  'levels.L2.maxEntries',
  'resilience.eventBusDownL1TtlMs',
]);

/** How many of them a single call may give. */
const CALL_FIELDS = 17;

/**
 * What a record says of an option; NaN when it was not given.
 * @param {readonly number[]} record
 * @param {string} path
 * @returns {number}
 */
function optionIn(record, path) {
  return record[FIELDS.indexOf(path)];
}

module.exports = { FIELDS, CALL_FIELDS, optionIn };
