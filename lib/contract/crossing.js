'use strict';
// Events of a cache and messages between its instances, as they cross.
// Generated from src/contract by `npm run contract`.

const { EVENT } = require('./events.js');
const {
  BREAKER_STATES,
  BUS_STATES,
  BYPASS_REASONS,
  EVICT_REASONS,
  GAP_REASONS,
  LEVELS,
  LIMIT_OUTCOMES,
  MESSAGE_KINDS,
  MISS_LEVELS,
  RECEIVED_LEVELS,
  SKIP_REASONS,
  STALE_REASONS,
  TIMEOUT_KINDS,
} = require('./words.js');

/** @typedef {import('../../types/bus.js').InvalidationEvent} InvalidationEvent */

/**
 * A message as it crosses: its fields, then its keys, or its pattern.
 *
 * kind: The number of its kind.
 * id: Its id, if it has one.
 * source: The instance that sent it.
 * cache: The cache that it is about, if it has a name.
 * ts: When it was sent, in milliseconds since 1970.
 * generation: How often its sender knows the keys to have been deleted; not a number where it does not tell.
 * ttlMs: Lifetime of its value; not a number where the sender does not tell.
 * slot: The slot of its value, or -1.
 * publisher: Names the run of its publisher, if it is numbered; absent in received messages.
 * sequence: Its place among the invalidations of that; not a number where it has none.
 * seen: The numbers that the load of its value had seen, in hexadecimal; absent in received messages.
 * expires: Whether its keys expire, so that stale copies stay: 1 or 0.
 * etag: The etag of a value, if it has one.
 * version: The version of the value that is extended: the keys are those that have it.
 * tagCount: How many tags there are: they follow it, before the keys.
 * @typedef {[kind: number, id: string | undefined, source: string, cache: string | undefined, ts: number, generation: number, ttlMs: number, slot: number, publisher: string | undefined, sequence: number, seen: string | undefined, expires: number, etag: string | undefined, version: string | undefined, tagCount: number, ...keys: (string | number)[]]} MessageFields
 */

/** @param {MessageFields} fields */
function messageFields([kind, id, source, cache, ts, generation, ttlMs, slot, publisher, sequence, seen, expires, etag, version, tagCount, ...keys]) {
  return { kind, id, source, cache, ts, generation, ttlMs, slot, publisher, sequence, seen, expires, etag, version, tagCount, keys };
}

/**
 * The values of fields that do not cross as they are.
 * @typedef {object} Reader
 * @property {(bits: number) => ('L1' | 'L2')[]} levels
 * @property {(failure: number | string) => unknown} failure the slot of the thrown error, or words
 * @property {(failure: number | string | undefined) => Error | undefined} optionalFailure
 * @property {(failure: number, key: string | number) => unknown} loaderFailure a slot, or below 0 the limit that passed
 * @property {(fields: MessageFields) => InvalidationEvent} message
 */

/**
 * By number: makes an event of its fields as they cross.
 * @type {readonly ((read: Reader, ...fields: any[]) => import('../../types/events.js').CacheEvent)[]}
 */
const OF_FIELDS = [
  (read, key, level) => EVENT.hit(key, LEVELS[level]),
  (read, key, level) => EVENT.miss(key, MISS_LEVELS[level]),
  (read, key, levels) => EVENT.set(key, read.levels(levels)),
  (read, key, remote, expired) => EVENT.delete(key, remote === 1 ? true : undefined, expired === 1 ? true : undefined),
  (read, pattern, remote, expired) => EVENT.deletePattern(pattern, remote === 1 ? true : undefined, expired === 1 ? true : undefined),
  (read, tag, remote, expired) => EVENT.deleteTag(tag, remote === 1 ? true : undefined, expired === 1 ? true : undefined),
  (read, key) => EVENT.loaderStart(key),
  (read, key, durationMs) => EVENT.loaderSuccess(key, durationMs),
  (read, key, error, durationMs) => EVENT.loaderError(key, read.loaderFailure(error, key), durationMs),
  (read, key, timeoutMs, kind) => EVENT.loaderTimeout(key, timeoutMs, TIMEOUT_KINDS[kind]),
  (read, key) => EVENT.loadOvertaken(key),
  (read, key) => EVENT.inflightReuse(key),
  (read, key, reason) => EVENT.inflightBypass(key, BYPASS_REASONS[reason]),
  (read, key, outcome) => EVENT.loadLimited(key, LIMIT_OUTCOMES[outcome]),
  (read, key, reason) => EVENT.evict(key, EVICT_REASONS[reason]),
  (read, key) => EVENT.mutation(key),
  (read, key, level, ageMs) => EVENT.auditStale(key, LEVELS[level], ageMs),
  (read, key, reason) => EVENT.staleHit(key, STALE_REASONS[reason]),
  (read, key) => EVENT.refresh(key),
  (read, key, ttlMs) => EVENT.extend(key, ttlMs),
  (read, key, ttlMs) => EVENT.extendReceived(key, ttlMs),
  (read, key, ttlMs) => EVENT.negativeSet(key, ttlMs),
  (read, operation, key, error) => EVENT.l1Error(operation, key, read.failure(error)),
  (read, operation, key, state, error) => EVENT.l2Error(operation, key, BREAKER_STATES[state], read.failure(error)),
  (read, operation, key, state) => EVENT.l2Skipped(operation, key, BREAKER_STATES[state]),
  (read, eventType, state, error) => EVENT.eventBusPublishError(MESSAGE_KINDS[eventType], BREAKER_STATES[state], read.failure(error)),
  (read, eventType, state) => EVENT.eventBusPublishSkipped(MESSAGE_KINDS[eventType], BREAKER_STATES[state]),
  (read, eventId, eventType, ...event) => EVENT.invalidationReceived(eventId, MESSAGE_KINDS[eventType], read.message(/** @type {MessageFields} */ (event))),
  (read, eventId, eventType, ...event) => EVENT.invalidationDuplicate(eventId, MESSAGE_KINDS[eventType], read.message(/** @type {MessageFields} */ (event))),
  (read, eventId, eventType, key, generation, localGeneration) => EVENT.invalidationStale(eventId, MESSAGE_KINDS[eventType], key, generation, localGeneration),
  (read, key, level) => EVENT.setReceived(key, RECEIVED_LEVELS[level]),
  (read, key) => EVENT.setBroadcast(key),
  (read, key, reason, bytes, maxBytes) => EVENT.setBroadcastSkipped(key, SKIP_REASONS[reason], bytes, maxBytes),
  (read, transport, status, error) => EVENT.busStatus(transport, BUS_STATES[status], read.optionalFailure(error)),
  (read, reason, missed) => EVENT.busGap(GAP_REASONS[reason], missed),
  (read, key) => EVENT.l2Change(key),
];

module.exports = {
  OF_FIELDS,
  messageFields,
};
