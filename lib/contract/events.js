'use strict';
// The events of a cache.
// Generated from src/contract by `npm run contract`.

/**
 * The event of a name.
 * @template {string} T
 * @typedef {Extract<import('../../types/events.js').CacheEvent, { type: T }>} Of
 */

/** Makes the event of each name. */
const EVENT = Object.freeze({
  /**
   * @param {Of<'hit'>['key']} key
   * @param {Of<'hit'>['level']} level
   * @returns {Of<'hit'>}
   */
  hit(key, level) {
    return { type: 'hit', key, level };
  },

  /**
   * @param {Of<'miss'>['key']} key
   * @param {Of<'miss'>['level']} level
   * @returns {Of<'miss'>}
   */
  miss(key, level) {
    return { type: 'miss', key, level };
  },

  /**
   * @param {Of<'set'>['key']} key
   * @param {Of<'set'>['levels']} levels
   * @returns {Of<'set'>}
   */
  set(key, levels) {
    return { type: 'set', key, levels };
  },

  /**
   * @param {Of<'delete'>['key']} key
   * @param {Of<'delete'>['remote']} remote
   * @param {Of<'delete'>['expired']} expired
   * @returns {Of<'delete'>}
   */
  delete(key, remote, expired) {
    if (remote && expired) return { type: 'delete', key, remote, expired };
    if (remote) return { type: 'delete', key, remote };
    if (expired) return { type: 'delete', key, expired };
    return { type: 'delete', key };
  },

  /**
   * @param {Of<'delete-pattern'>['pattern']} pattern
   * @param {Of<'delete-pattern'>['remote']} remote
   * @param {Of<'delete-pattern'>['expired']} expired
   * @returns {Of<'delete-pattern'>}
   */
  deletePattern(pattern, remote, expired) {
    if (remote && expired) return { type: 'delete-pattern', pattern, remote, expired };
    if (remote) return { type: 'delete-pattern', pattern, remote };
    if (expired) return { type: 'delete-pattern', pattern, expired };
    return { type: 'delete-pattern', pattern };
  },

  /**
   * @param {Of<'delete-tag'>['tag']} tag
   * @param {Of<'delete-tag'>['remote']} remote
   * @param {Of<'delete-tag'>['expired']} expired
   * @returns {Of<'delete-tag'>}
   */
  deleteTag(tag, remote, expired) {
    if (remote && expired) return { type: 'delete-tag', tag, remote, expired };
    if (remote) return { type: 'delete-tag', tag, remote };
    if (expired) return { type: 'delete-tag', tag, expired };
    return { type: 'delete-tag', tag };
  },

  /**
   * @param {Of<'loader:start'>['key']} key
   * @returns {Of<'loader:start'>}
   */
  loaderStart(key) {
    return { type: 'loader:start', key };
  },

  /**
   * @param {Of<'loader:success'>['key']} key
   * @param {Of<'loader:success'>['durationMs']} durationMs
   * @returns {Of<'loader:success'>}
   */
  loaderSuccess(key, durationMs) {
    return { type: 'loader:success', key, durationMs };
  },

  /**
   * @param {Of<'loader:error'>['key']} key
   * @param {Of<'loader:error'>['error']} error
   * @param {Of<'loader:error'>['durationMs']} durationMs
   * @returns {Of<'loader:error'>}
   */
  loaderError(key, error, durationMs) {
    return { type: 'loader:error', key, error, durationMs };
  },

  /**
   * @param {Of<'loader:timeout'>['key']} key
   * @param {Of<'loader:timeout'>['timeoutMs']} timeoutMs
   * @param {Of<'loader:timeout'>['kind']} kind
   * @returns {Of<'loader:timeout'>}
   */
  loaderTimeout(key, timeoutMs, kind) {
    return { type: 'loader:timeout', key, timeoutMs, kind };
  },

  /**
   * @param {Of<'load:overtaken'>['key']} key
   * @returns {Of<'load:overtaken'>}
   */
  loadOvertaken(key) {
    return { type: 'load:overtaken', key };
  },

  /**
   * @param {Of<'inflight:reuse'>['key']} key
   * @returns {Of<'inflight:reuse'>}
   */
  inflightReuse(key) {
    return { type: 'inflight:reuse', key };
  },

  /**
   * @param {Of<'inflight:bypass'>['key']} key
   * @param {Of<'inflight:bypass'>['reason']} reason
   * @returns {Of<'inflight:bypass'>}
   */
  inflightBypass(key, reason) {
    return { type: 'inflight:bypass', key, reason };
  },

  /**
   * @param {Of<'load:limited'>['key']} key
   * @param {Of<'load:limited'>['outcome']} outcome
   * @returns {Of<'load:limited'>}
   */
  loadLimited(key, outcome) {
    return { type: 'load:limited', key, outcome };
  },

  /**
   * @param {Of<'evict'>['key']} key
   * @param {Of<'evict'>['reason']} reason
   * @returns {Of<'evict'>}
   */
  evict(key, reason) {
    return { type: 'evict', key, reason };
  },

  /**
   * @param {Of<'mutation'>['key']} key
   * @returns {Of<'mutation'>}
   */
  mutation(key) {
    return { type: 'mutation', key };
  },

  /**
   * @param {Of<'audit:stale'>['key']} key
   * @param {Of<'audit:stale'>['level']} level
   * @param {Of<'audit:stale'>['ageMs']} ageMs
   * @returns {Of<'audit:stale'>}
   */
  auditStale(key, level, ageMs) {
    if (ageMs !== undefined) return { type: 'audit:stale', key, level, ageMs };
    return { type: 'audit:stale', key, level };
  },

  /**
   * @param {Of<'stale:hit'>['key']} key
   * @param {Of<'stale:hit'>['reason']} reason
   * @returns {Of<'stale:hit'>}
   */
  staleHit(key, reason) {
    return { type: 'stale:hit', key, reason };
  },

  /**
   * @param {Of<'refresh'>['key']} key
   * @returns {Of<'refresh'>}
   */
  refresh(key) {
    return { type: 'refresh', key };
  },

  /**
   * @param {Of<'extend'>['key']} key
   * @param {Of<'extend'>['ttlMs']} ttlMs
   * @returns {Of<'extend'>}
   */
  extend(key, ttlMs) {
    return { type: 'extend', key, ttlMs };
  },

  /**
   * @param {Of<'extend:received'>['key']} key
   * @param {Of<'extend:received'>['ttlMs']} ttlMs
   * @returns {Of<'extend:received'>}
   */
  extendReceived(key, ttlMs) {
    return { type: 'extend:received', key, ttlMs };
  },

  /**
   * @param {Of<'negative:set'>['key']} key
   * @param {Of<'negative:set'>['ttlMs']} ttlMs
   * @returns {Of<'negative:set'>}
   */
  negativeSet(key, ttlMs) {
    return { type: 'negative:set', key, ttlMs };
  },

  /**
   * @param {Of<'l1:error'>['operation']} operation
   * @param {Of<'l1:error'>['key']} key
   * @param {Of<'l1:error'>['error']} error
   * @returns {Of<'l1:error'>}
   */
  l1Error(operation, key, error) {
    if (key !== undefined) return { type: 'l1:error', operation, key, error };
    return { type: 'l1:error', operation, error };
  },

  /**
   * @param {Of<'l2:error'>['operation']} operation
   * @param {Of<'l2:error'>['key']} key
   * @param {Of<'l2:error'>['state']} state
   * @param {Of<'l2:error'>['error']} error
   * @returns {Of<'l2:error'>}
   */
  l2Error(operation, key, state, error) {
    if (key !== undefined) return { type: 'l2:error', operation, key, state, error };
    return { type: 'l2:error', operation, state, error };
  },

  /**
   * @param {Of<'l2:skipped'>['operation']} operation
   * @param {Of<'l2:skipped'>['key']} key
   * @param {Of<'l2:skipped'>['state']} state
   * @returns {Of<'l2:skipped'>}
   */
  l2Skipped(operation, key, state) {
    if (key !== undefined) return { type: 'l2:skipped', operation, key, state };
    return { type: 'l2:skipped', operation, state };
  },

  /**
   * @param {Of<'event-bus:publish-error'>['eventType']} eventType
   * @param {Of<'event-bus:publish-error'>['state']} state
   * @param {Of<'event-bus:publish-error'>['error']} error
   * @returns {Of<'event-bus:publish-error'>}
   */
  eventBusPublishError(eventType, state, error) {
    return { type: 'event-bus:publish-error', eventType, state, error };
  },

  /**
   * @param {Of<'event-bus:publish-skipped'>['eventType']} eventType
   * @param {Of<'event-bus:publish-skipped'>['state']} state
   * @returns {Of<'event-bus:publish-skipped'>}
   */
  eventBusPublishSkipped(eventType, state) {
    return { type: 'event-bus:publish-skipped', eventType, state };
  },

  /**
   * @param {Of<'invalidation:received'>['eventId']} eventId
   * @param {Of<'invalidation:received'>['eventType']} eventType
   * @param {Of<'invalidation:received'>['event']} event
   * @returns {Of<'invalidation:received'>}
   */
  invalidationReceived(eventId, eventType, event) {
    return { type: 'invalidation:received', eventId, eventType, event };
  },

  /**
   * @param {Of<'invalidation:duplicate'>['eventId']} eventId
   * @param {Of<'invalidation:duplicate'>['eventType']} eventType
   * @param {Of<'invalidation:duplicate'>['event']} event
   * @returns {Of<'invalidation:duplicate'>}
   */
  invalidationDuplicate(eventId, eventType, event) {
    return { type: 'invalidation:duplicate', eventId, eventType, event };
  },

  /**
   * @param {Of<'invalidation:stale'>['eventId']} eventId
   * @param {Of<'invalidation:stale'>['eventType']} eventType
   * @param {Of<'invalidation:stale'>['key']} key
   * @param {Of<'invalidation:stale'>['generation']} generation
   * @param {Of<'invalidation:stale'>['localGeneration']} localGeneration
   * @returns {Of<'invalidation:stale'>}
   */
  invalidationStale(eventId, eventType, key, generation, localGeneration) {
    return { type: 'invalidation:stale', eventId, eventType, key, generation, localGeneration };
  },

  /**
   * @param {Of<'set:received'>['key']} key
   * @param {Of<'set:received'>['level']} level
   * @returns {Of<'set:received'>}
   */
  setReceived(key, level) {
    return { type: 'set:received', key, level };
  },

  /**
   * @param {Of<'set:broadcast'>['key']} key
   * @returns {Of<'set:broadcast'>}
   */
  setBroadcast(key) {
    return { type: 'set:broadcast', key };
  },

  /**
   * @param {Of<'set:broadcast-skipped'>['key']} key
   * @param {Of<'set:broadcast-skipped'>['reason']} reason
   * @param {Of<'set:broadcast-skipped'>['bytes']} bytes
   * @param {Of<'set:broadcast-skipped'>['maxBytes']} maxBytes
   * @returns {Of<'set:broadcast-skipped'>}
   */
  setBroadcastSkipped(key, reason, bytes, maxBytes) {
    return { type: 'set:broadcast-skipped', key, reason, bytes, maxBytes };
  },

  /**
   * @param {Of<'bus:status'>['transport']} transport
   * @param {Of<'bus:status'>['status']} status
   * @param {Of<'bus:status'>['error']} error
   * @returns {Of<'bus:status'>}
   */
  busStatus(transport, status, error) {
    if (error !== undefined) return { type: 'bus:status', transport, status, error };
    return { type: 'bus:status', transport, status };
  },

  /**
   * @param {Of<'bus:gap'>['reason']} reason
   * @param {Of<'bus:gap'>['missed']} missed
   * @returns {Of<'bus:gap'>}
   */
  busGap(reason, missed) {
    return { type: 'bus:gap', reason, missed };
  },

  /**
   * @param {Of<'l2:change'>['key']} key
   * @returns {Of<'l2:change'>}
   */
  l2Change(key) {
    return { type: 'l2:change', key };
  },
});

module.exports = {
  EVENT,
};
