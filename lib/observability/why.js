'use strict';
// Why a layer has no entry for a key, as far as the kept events show.

const { bridge } = require('../raw.js');

const { raw } = bridge;

/**
 * @typedef {import('../../types/dashboard.js').RecordedEvent} RecordedEvent
 *
 * @typedef {object} About
 * @property {'L1' | 'L2'} layer
 * @property {RecordedEvent[]} events those of the key, newest first
 * @property {number} now
 * @property {number} lifetimeMs of entries of the layer
 * @property {boolean} isComplete whether all events since the beginning are kept, but for hits in L1
 * @property {string} [policy] of the first layer
 * @property {number} [maxBytes] of the first layer
 */

/**
 * A time, as sentences have it.
 * @param {number} ms
 */
function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

/**
 * A layer without an entry.
 * @param {string} reason
 * @param {string} text
 */
const gone = (reason, text) => ({ held: false, reason, text, entry: null });

/**
 * Whether an event is about a key.
 * @param {RecordedEvent} event
 * @param {string} key
 */
function concerns({ type, data }, key) {
  if (type === 'delete-pattern') return matches(data['pattern'], key);
  const of = data['key'];
  if (of !== undefined) return String(of) === key;
  const message = /** @type {Foreign | undefined} */ (data['event']);
  if (message?.['pattern'] !== undefined) return matches(message['pattern'], key);
  return Array.isArray(message?.['keys']) && message['keys'].some((/** @type {unknown} */ one) => String(one) === key);
}

/**
 * @param {unknown} pattern
 * @param {string} key
 */
function matches(pattern, key) {
  return typeof pattern === 'string' && raw.matches(pattern, key);
}

/**
 * For each type of event, the reason that it gives for a missing entry, if any.
 * @type {Record<string, (event: RecordedEvent, about: About, ago: string) => ReturnType<typeof gone> | undefined>}
 */
const BY_TYPE = {
  delete: deleted,
  'delete-pattern'(event, about, ago) {
    const { pattern, remote, expired } = event.data;
    const verb = expired === true ? 'made to expire' : 'deleted';
    return remote === true
      ? gone('invalidated', `${verb} by the pattern "${pattern}" of ${senderOf(event, about)} ${ago}`)
      : gone('pattern-deleted', `${verb} by the pattern "${pattern}" ${ago}`);
  },
  'load:overtaken': (_event, _about, ago) =>
    gone(
      'overtaken',
      `a load that ended ${ago} was not kept: another instance had invalidated the key since it began, or has its lock`,
    ),
  'negative:set'({ data, ts }, { now }, ago) {
    const left = ts + Number(data['ttlMs']) - now;
    if (!(left > 0)) return undefined;
    return gone('negative', `its loader found nothing ${ago}; that is remembered for ${duration(left)} more`);
  },
  set(event, about, ago) {
    const { levels } = event.data;
    if (!Array.isArray(levels)) return undefined;
    return levels.includes(about.layer) ? stored(event, about, ago) : refused(about, ago);
  },
  'set:received': (event, about, ago) => (about.layer === 'L1' ? stored(event, about, ago) : undefined),
};

/**
 * It was stored, and nothing says that it was deleted.
 * @param {RecordedEvent} event
 * @param {About} about
 * @param {string} ago
 */
function stored({ ts }, { layer, now, lifetimeMs, policy }, ago) {
  if (now - ts >= lifetimeMs) return gone('expired', `expired ${duration(now - ts - lifetimeMs)} ago`);
  if (layer === 'L2') return gone('unknown', `stored ${ago}, and not there: it expired, or somebody else deleted it`);
  return policy === 'tinylfu'
    ? gone('not-admitted', `stored ${ago}; the policy did not admit it, or it made room for another`)
    : gone('evicted', `stored ${ago}; it made room for another, or expired before its time`);
}

/**
 * It was stored, and not in the first layer.
 * @param {About} about
 * @param {string} ago
 */
function refused({ layer, policy, maxBytes }, ago) {
  if (layer === 'L2') return undefined;
  if (policy === 'tinylfu') return gone('not-admitted', `stored ${ago}; the policy did not admit it`);
  return typeof maxBytes === 'number'
    ? gone('too-large', `stored ${ago}; it weighs more than levels.L1.maxBytes (${maxBytes}), so L1 does not take it`)
    : undefined;
}

/**
 * @param {RecordedEvent} event
 * @param {About} about
 * @param {string} ago
 */
function deleted(event, about, ago) {
  const { remote, expired } = event.data;
  const verb = expired === true ? 'made to expire' : 'deleted';
  if (remote === true) return gone('invalidated', `${verb} by ${senderOf(event, about)} ${ago}`);
  return expired === true
    ? gone('expired', `made to expire here ${ago}, before its time`)
    : gone('deleted', `deleted here ${ago}`);
}

/**
 * The instance that sent the event, if the kept events show it.
 * @param {RecordedEvent} event
 * @param {About} about
 */
function senderOf({ ts }, { events }) {
  const message = events.find((event) => event.type === 'invalidation:received' && Math.abs(event.ts - ts) < 1000);
  const source = /** @type {Foreign | undefined} */ (message?.data['event'])?.['source'];
  return source === undefined ? 'another instance' : `the instance ${source}`;
}

/**
 * Why a layer has no entry for a key.
 * @param {About} about
 */
function whyNot(about) {
  for (const event of about.events) {
    const ago = `${duration(about.now - event.ts)} ago`;
    const why = Object.hasOwn(BY_TYPE, event.type) ? BY_TYPE[event.type](event, about, ago) : undefined;
    if (why !== undefined) return why;
  }
  return about.isComplete
    ? gone('never-stored', 'never stored since the dashboard began')
    : gone('unknown', 'none of the events that are kept is about it');
}

module.exports = { concerns, duration, gone, whyNot };
