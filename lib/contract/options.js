'use strict';
// The options that cross to Rust.
// Generated from src/contract by `npm run contract`.

/** @typedef {'anyLifetime' | 'bound' | 'bytes' | 'count' | 'duration' | 'endless' | 'entries' | 'entriesOrNone' | 'flag' | 'lifetime' | 'limit' | 'name' | 'policy' | 'span' | 'wait'} OptionCheck a function in lib/options/checks.js */
/** @typedef {{ path: string, check: OptionCheck }} OptionRow where an option is given, and how it is checked */

/** Place of each option in a record. */
const OPTION = Object.freeze({
  TTL_MS: 0,
  LEVELS_L1_TTL_MS: 1,
  LEVELS_L2_TTL_MS: 2,
  INFLIGHT_ENABLED: 3,
  INFLIGHT_TTL_MS: 4,
  INFLIGHT_MAX_ENTRIES: 5,
  NEGATIVE_CACHE_ENABLED: 6,
  NEGATIVE_CACHE_TTL_MS: 7,
  NEGATIVE_CACHE_MAX_ENTRIES: 8,
  FAIL_SAFE_ENABLED: 9,
  FAIL_SAFE_STALE_TTL_MS: 10,
  TIMEOUTS_SOFT_MS: 11,
  TIMEOUTS_HARD_MS: 12,
  DISTRIBUTED_LOCK_ENABLED: 13,
  DISTRIBUTED_LOCK_TTL_MS: 14,
  DISTRIBUTED_LOCK_WAIT_TIMEOUT_MS: 15,
  DISTRIBUTED_LOCK_POLL_MS: 16,
  LEVELS_L1_MAX_ENTRIES: 17,
  LEVELS_L1_MAX_BYTES: 18,
  LEVELS_L1_POLICY: 19,
  LEVELS_L2_MAX_ENTRIES: 20,
  VERSIONING_ENABLED: 21,
  RESILIENCE_L2_CIRCUIT_BREAKER_ENABLED: 22,
  RESILIENCE_L2_CIRCUIT_BREAKER_FAILURE_THRESHOLD: 23,
  RESILIENCE_L2_CIRCUIT_BREAKER_COOLDOWN_MS: 24,
  RESILIENCE_L2_TIMEOUT_MS: 25,
  RESILIENCE_EVENT_BUS_CIRCUIT_BREAKER_ENABLED: 26,
  RESILIENCE_EVENT_BUS_CIRCUIT_BREAKER_FAILURE_THRESHOLD: 27,
  RESILIENCE_EVENT_BUS_CIRCUIT_BREAKER_COOLDOWN_MS: 28,
  RESILIENCE_EVENT_BUS_DOWN_L1_TTL_MS: 29,
  BROADCAST_SET: 30,
  BROADCAST_SET_MAX_BYTES: 31,
  EVENT_DEDUPE_MAX_ENTRIES: 32,
  EVENT_DEDUPE_TTL_MS: 33,
  SUBSCRIBE_TO_EVENTS: 34,
  SOURCE: 35,
  NAME: 36,
});

/** Options of a call. @type {readonly OptionRow[]} */
const OF_CALLS = Object.freeze([
  { path: 'ttlMs', check: 'anyLifetime' },
  { path: 'levels.L1.ttlMs', check: 'anyLifetime' },
  { path: 'levels.L2.ttlMs', check: 'anyLifetime' },
  { path: 'inflight.enabled', check: 'flag' },
  { path: 'inflight.ttlMs', check: 'span' },
  { path: 'inflight.maxEntries', check: 'entriesOrNone' },
  { path: 'negativeCache.enabled', check: 'flag' },
  { path: 'negativeCache.ttlMs', check: 'span' },
  { path: 'negativeCache.maxEntries', check: 'entries' },
  { path: 'failSafe.enabled', check: 'flag' },
  { path: 'failSafe.staleTtlMs', check: 'span' },
  { path: 'timeouts.softMs', check: 'wait' },
  { path: 'timeouts.hardMs', check: 'duration' },
  { path: 'distributedLock.enabled', check: 'flag' },
  { path: 'distributedLock.ttlMs', check: 'duration' },
  { path: 'distributedLock.waitTimeoutMs', check: 'wait' },
  { path: 'distributedLock.pollMs', check: 'duration' },
]);

/** Options of a cache or a layer; first those for all of its calls. @type {readonly OptionRow[]} */
const OF_LAYERS = Object.freeze([
  { path: 'ttlMs', check: 'lifetime' },
  { path: 'levels.L1.ttlMs', check: 'lifetime' },
  { path: 'levels.L2.ttlMs', check: 'lifetime' },
  { path: 'inflight.enabled', check: 'flag' },
  { path: 'inflight.ttlMs', check: 'span' },
  { path: 'inflight.maxEntries', check: 'entriesOrNone' },
  { path: 'negativeCache.enabled', check: 'flag' },
  { path: 'negativeCache.ttlMs', check: 'span' },
  { path: 'negativeCache.maxEntries', check: 'entries' },
  { path: 'failSafe.enabled', check: 'flag' },
  { path: 'failSafe.staleTtlMs', check: 'span' },
  { path: 'timeouts.softMs', check: 'wait' },
  { path: 'timeouts.hardMs', check: 'duration' },
  { path: 'distributedLock.enabled', check: 'flag' },
  { path: 'distributedLock.ttlMs', check: 'duration' },
  { path: 'distributedLock.waitTimeoutMs', check: 'wait' },
  { path: 'distributedLock.pollMs', check: 'duration' },
  { path: 'levels.L1.maxEntries', check: 'bound' },
  { path: 'levels.L1.maxBytes', check: 'count' },
  { path: 'levels.L1.policy', check: 'policy' },
  { path: 'levels.L2.maxEntries', check: 'entries' },
  { path: 'versioning.enabled', check: 'flag' },
  { path: 'resilience.l2CircuitBreaker.enabled', check: 'flag' },
  { path: 'resilience.l2CircuitBreaker.failureThreshold', check: 'entries' },
  { path: 'resilience.l2CircuitBreaker.cooldownMs', check: 'endless' },
  { path: 'resilience.l2TimeoutMs', check: 'limit' },
  { path: 'resilience.eventBusCircuitBreaker.enabled', check: 'flag' },
  { path: 'resilience.eventBusCircuitBreaker.failureThreshold', check: 'entries' },
  { path: 'resilience.eventBusCircuitBreaker.cooldownMs', check: 'endless' },
  { path: 'resilience.eventBusDownL1TtlMs', check: 'span' },
  { path: 'broadcastSet', check: 'flag' },
  { path: 'broadcastSetMaxBytes', check: 'bytes' },
  { path: 'eventDedupeMaxEntries', check: 'entriesOrNone' },
  { path: 'eventDedupeTtlMs', check: 'span' },
  { path: 'subscribeToEvents', check: 'flag' },
]);

/** Options of a cache alone. They follow in the record. @type {readonly OptionRow[]} */
const OF_CACHES = Object.freeze([
  { path: 'source', check: 'name' },
  { path: 'name', check: 'name' },
]);

module.exports = {
  OPTION,
  OF_CALLS,
  OF_LAYERS,
  OF_CACHES,
};
