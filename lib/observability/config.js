'use strict';
// The options of a cache with their defaults, and which of them were given.

const { TransportEventBus } = require('../bus/event-bus.js');
const { BROADCAST_SET_MAX_BYTES } = require('../bus/for-caches.js');
const values = require('../contract/values.js');

/** A custom bus has no bound. @param {Foreign} options */
const broadcastBound = ({ eventBus }) => (eventBus instanceof TransportEventBus ? BROADCAST_SET_MAX_BYTES : null);

/**
 * Each option that is shown, its default, or how that follows from other options, and its unit.
 * @type {readonly [string, unknown, string?][]}
 */
const ROWS = [
  ['ttlMs', values.DEFAULT_CACHE_TTL_MS, 'ms'],
  ['levels.L1.ttlMs', undefined, 'ms'],
  ['levels.L1.maxEntries', values.DEFAULT_L1_MAX_ENTRIES, 'entries'],
  ['levels.L1.maxBytes', null, 'bytes'],
  ['levels.L1.policy', 'lru'],
  ['levels.L1.values', 'reference'],
  ['levels.L2.ttlMs', undefined, 'ms'],
  ['levels.L2.maxEntries', undefined, 'entries'],
  ['inflight.enabled', true],
  ['inflight.ttlMs', values.DEFAULT_INFLIGHT_TTL_MS, 'ms'],
  ['inflight.maxEntries', undefined, 'loads'],
  ['refreshAhead', 0],
  ['xfetch', 0],
  ['ttlJitter', 0],
  ['ttlJitterL2', 0],
  ['loads.maxConcurrent', undefined, 'loads'],
  ['loads.maxQueued', undefined, 'loads'],
  ['audit.rate', 0],
  ['negativeCache.enabled', undefined],
  ['negativeCache.ttlMs', undefined, 'ms'],
  ['negativeCache.maxEntries', undefined, 'entries'],
  ['failSafe.enabled', false],
  ['failSafe.staleTtlMs', undefined, 'ms'],
  ['failSafe.backoffMs', undefined, 'ms'],
  ['timeouts.softMs', null, 'ms'],
  ['timeouts.hardMs', null, 'ms'],
  ['distributedLock.enabled', false],
  ['versioning.enabled', false],
  ['name', undefined],
  ['source', undefined],
  ['subscribeToEvents', true],
  ['broadcastSet', true],
  ['broadcastSetMaxBytes', broadcastBound, 'bytes'],
  ['eventDedupeMaxEntries', values.DEFAULT_DEDUPE_MAX_ENTRIES, 'events'],
  ['eventDedupeTtlMs', values.DEFAULT_DEDUPE_TTL_MS, 'ms'],
  ['resilience.l2TimeoutMs', values.DEFAULT_L2_TIMEOUT_MS, 'ms'],
  ['resilience.l2CircuitBreaker.failureThreshold', values.DEFAULT_FAILURE_THRESHOLD, 'failures'],
  ['resilience.l2CircuitBreaker.cooldownMs', values.DEFAULT_COOLDOWN_MS, 'ms'],
  ['resilience.eventBusCircuitBreaker.failureThreshold', values.DEFAULT_FAILURE_THRESHOLD, 'failures'],
  ['resilience.eventBusCircuitBreaker.cooldownMs', values.DEFAULT_COOLDOWN_MS, 'ms'],
  ['resilience.eventBusDownL1TtlMs', null, 'ms'],
];

/**
 * @param {Foreign} options
 * @param {string} path
 */
const pick = (options, path) => path.split('.').reduce((value, name) => value?.[name], options);

/** The value of an option in JSON: no bound is `null`. */
const plain = (/** @type {unknown} */ value) =>
  (typeof value === 'number' && Number.isFinite(value)) || typeof value === 'string' || typeof value === 'boolean'
    ? value
    : null;

/**
 * The options as they hold. Those that were not given and have no default of their own are left out.
 * @param {Foreign} options
 */
function resolved(options) {
  return ROWS.flatMap(([path, unsaid, unit]) => {
    const otherwise = typeof unsaid === 'function' ? unsaid(options) : unsaid;
    const given = pick(options, path) ?? undefined;
    if (given === undefined && otherwise === undefined) return [];
    const value = plain(given ?? otherwise);
    return [{ path, value, isDefault: given === undefined, ...(unit === undefined ? {} : { unit }) }];
  });
}

module.exports = { resolved };
