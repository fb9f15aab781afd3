'use strict';
// Names by the numbers by which they cross.
// Generated from src/contract by `npm run contract`.

/** Events of failures outside the cache. */
const FAULTS = Object.freeze(['loader:error', 'l1:error', 'l2:error', 'event-bus:publish-error']);

/** Types of events, by number. */
const EVENT_TYPES = Object.freeze(/** @type {const} */ (['hit', 'miss', 'set', 'delete', 'delete-pattern', 'delete-tag', 'loader:start', 'loader:success', 'loader:error', 'loader:timeout', 'load:overtaken', 'inflight:reuse', 'inflight:bypass', 'load:limited', 'evict', 'mutation', 'audit:stale', 'stale:hit', 'refresh', 'extend', 'extend:received', 'negative:set', 'l1:error', 'l2:error', 'l2:skipped', 'event-bus:publish-error', 'event-bus:publish-skipped', 'invalidation:received', 'invalidation:duplicate', 'invalidation:stale', 'set:received', 'set:broadcast', 'set:broadcast-skipped', 'bus:status', 'bus:gap', 'l2:change']));

/** Methods of users' objects, by number. */
const METHODS = Object.freeze(/** @type {const} */ (['get', 'set', 'has', 'delete', 'deleteByPattern', 'size', 'acquireLock', 'releaseLock', 'publish']));

/** Layers, by number. */
const LEVELS = Object.freeze(/** @type {const} */ (['L1', 'L2']));

/** Layers that had no value, by number. */
const MISS_LEVELS = Object.freeze(/** @type {const} */ (['L1', 'L2', 'negative']));

/** Where a value of another instance went, by number. */
const RECEIVED_LEVELS = Object.freeze(/** @type {const} */ (['L1']));

/** Why a load runs that others cannot join, by number. */
const BYPASS_REASONS = Object.freeze(/** @type {const} */ (['maxEntries']));

/** Why a value was not sent to other instances, by number. */
const SKIP_REASONS = Object.freeze(/** @type {const} */ (['max-bytes']));

/** Whether a bus is there, by number. */
const BUS_STATES = Object.freeze(/** @type {const} */ (['connected', 'disconnected']));

/** Why a stale value was served, by number. */
const STALE_REASONS = Object.freeze(/** @type {const} */ (['loader-error', 'soft-timeout', 'hard-timeout', 'load-limit']));

/** Why events of other instances may have been missed, by number. */
const GAP_REASONS = Object.freeze(/** @type {const} */ (['resubscribed', 'sequence', 'silence', 'shared-source', 'tracking']));

/** Outcomes of loads at the limit, by number. */
const LIMIT_OUTCOMES = Object.freeze(/** @type {const} */ (['queued', 'refused']));

/** Why an entry left the memory layer, by number. */
const EVICT_REASONS = Object.freeze(/** @type {const} */ (['capacity', 'expired', 'replaced']));

/** Which limit a load passed, by number. */
const TIMEOUT_KINDS = Object.freeze(/** @type {const} */ (['soft', 'hard']));

/** States of a circuit, by number. */
const BREAKER_STATES = Object.freeze(/** @type {const} */ (['closed', 'open', 'half-open']));

/** Kinds of messages between instances, by number. */
const MESSAGE_KINDS = Object.freeze(/** @type {const} */ (['del', 'pattern', 'set']));

/** Where an answer came from, by number. */
const SOURCES = Object.freeze(/** @type {const} */ (['L1', 'L2', 'load', 'stale', 'negative']));

/** Which entries make room, by number. */
const POLICIES = Object.freeze(/** @type {const} */ (['lru', 'tinylfu', 's3fifo']));

/** Encodings of payloads, by number. */
const ENCODINGS = Object.freeze(/** @type {const} */ (['msgpack', 'msgpack-gzip', 'json', 'legacy']));

module.exports = {
  FAULTS,
  EVENT_TYPES,
  METHODS,
  LEVELS,
  MISS_LEVELS,
  RECEIVED_LEVELS,
  BYPASS_REASONS,
  SKIP_REASONS,
  BUS_STATES,
  STALE_REASONS,
  GAP_REASONS,
  LIMIT_OUTCOMES,
  EVICT_REASONS,
  TIMEOUT_KINDS,
  BREAKER_STATES,
  MESSAGE_KINDS,
  SOURCES,
  POLICIES,
  ENCODINGS,
};
