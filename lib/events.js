'use strict';
// Events of a cache, made of the lines that the addon tells.

const { BREAKER_STATES, LEVELS, MESSAGE_KINDS, STALE_REASONS } = require('./contract/codes.js');
const { failure, hardTimeout } = require('./errors.js');

/**
 * By code, see src/events.rs. Each is given the key, two numbers, two texts, the value of a slot, and the
 * message that is being applied, with its name.
 * @type {((key: any, a: number, b: number, text: string, more: string | undefined, value: () => any, message: () => any, eventId: any) => any)[]}
 */
const EVENTS = [
  (key, level) => ({ type: 'hit', key, level: LEVELS[level] }),
  (key, level) => ({ type: 'miss', key, level: LEVELS[level] }),
  (key, remote) => ({ type: 'delete', key, ...(remote ? { remote: true } : {}) }),
  (pattern, remote) => ({ type: 'delete-pattern', pattern, ...(remote ? { remote: true } : {}) }),
  (key, l1, l2) => ({ type: 'set', key, levels: [...(l1 ? ['L1'] : []), ...(l2 ? ['L2'] : [])] }),
  (key) => ({ type: 'loader:start', key }),
  (key, durationMs) => ({ type: 'loader:success', key, durationMs }),
  (key, durationMs, limitMs, _text, _more, value) => ({
    type: 'loader:error',
    key,
    error: limitMs > 0 ? hardTimeout(key, limitMs) : value(),
    durationMs,
  }),
  (key, timeoutMs, hard) => ({ type: 'loader:timeout', key, timeoutMs, kind: hard ? 'hard' : 'soft' }),
  (key) => ({ type: 'inflight:reuse', key }),
  (key) => ({ type: 'inflight:bypass', key, reason: 'maxEntries' }),
  (key, reason) => ({ type: 'stale:hit', key, reason: STALE_REASONS[reason] }),
  (key, ttlMs) => ({ type: 'negative:set', key, ttlMs }),
  (key, _a, _b, operation, more, value) => ({ type: 'l1:error', operation, ...about(key), error: error(more, value) }),
  (key, state, _b, operation, more, value) => ({
    type: 'l2:error',
    operation,
    ...about(key),
    state: BREAKER_STATES[state],
    error: error(more, value),
  }),
  (key, state, _b, operation) => ({ type: 'l2:skipped', operation, ...about(key), state: BREAKER_STATES[state] }),
  (_key, state, _b, eventType, more, value) => ({
    type: 'event-bus:publish-error',
    eventType,
    state: BREAKER_STATES[state],
    error: error(more, value),
  }),
  (_key, state, _b, eventType) => ({ type: 'event-bus:publish-skipped', eventType, state: BREAKER_STATES[state] }),
  (_key, _a, _b, _text, _more, _value, event, eventId) => arrived('invalidation:received', event(), eventId),
  (_key, _a, _b, _text, _more, _value, event, eventId) => arrived('invalidation:duplicate', event(), eventId),
  (key, generation, localGeneration, eventId, eventType) => ({
    type: 'invalidation:stale',
    eventId,
    eventType,
    key,
    generation,
    localGeneration,
  }),
  (key) => ({ type: 'set:received', key, level: 'L1' }),
  (key) => ({ type: 'set:broadcast', key }),
  (key, bytes, maxBytes) => ({ type: 'set:broadcast-skipped', key, reason: 'max-bytes', bytes, maxBytes }),
  (_key, up, _b, transport, more) => ({
    type: 'bus:status',
    transport,
    status: up ? 'connected' : 'disconnected',
    ...(more === undefined ? {} : { error: failure(more) }),
  }),
  (_key, resubscribed, missed) => ({ type: 'bus:gap', reason: resubscribed ? 'resubscribed' : 'sequence', missed }),
];

/**
 * @param {string} type
 * @param {any} event
 * @param {string} eventId
 */
function arrived(type, event, eventId) {
  return { type, eventId, eventType: event.type, event };
}

/** @param {any} key */
function about(key) {
  return key === undefined ? {} : { key };
}

/**
 * @param {string | undefined} message
 * @param {() => any} value
 */
function error(message, value) {
  return message === undefined ? value() : failure(message);
}

/**
 * The event of a line.
 * @param {any[]} line
 * @param {any[]} values
 * @param {any} message
 */
function eventOf(line, values, message) {
  const [, code, text, numeric, a, b, first, second, slot] = line;
  const key = numeric ? Number(text) : text;
  return EVENTS[code](key, a, b, first, second, () => values[slot], () => message ?? receivedEvent(line, values), line[9]);
}

/**
 * The event on the bus that a line is about.
 * @param {any[]} line
 * @param {any[]} values
 */
function receivedEvent([, , , , ts, generation, id, source, slot, , cache, kind, ttlMs, ...keys], values) {
  const named = cache === undefined ? {} : { cache };
  const base = { ...(id === undefined ? {} : { id }), type: MESSAGE_KINDS[kind], source, ...named, ts };
  const counted = Number.isNaN(generation) ? base : { ...base, generation };
  if (kind === 1) return { ...counted, pattern: keys[0] };
  if (kind === 0) return { ...counted, keys };
  const lifetime = Number.isNaN(ttlMs) ? {} : { ttlMs: Number.isFinite(ttlMs) ? ttlMs : 0 };
  return { ...counted, keys, value: values[slot], ...lifetime };
}

module.exports = { eventOf };
