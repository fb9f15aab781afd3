'use strict';
// Advice from the numbers of a cache: sentences, each with a number and the option to change.

const { DEFAULT_L1_MAX_ENTRIES } = require('../contract/values.js');

/**
 * @typedef {object} Advice
 * @property {string} rule
 * @property {'info' | 'warn'} severity
 * @property {string | null} option the one to change
 * @property {unknown} current
 * @property {unknown} suggested
 * @property {string} text
 *
 * @typedef {object} About the known numbers of a cache
 * @property {import('../../types/stats.js').CacheStats} stats
 * @property {Foreign} options
 * @property {{ L1: number, L2: number }} lifetimes in milliseconds
 * @property {{ early: number, late: number, all: number }} again loads, and those of keys that had been loaded before
 * @property {number} listeners of every event
 * @property {number} largestSent bytes of the largest value that was too large to be sent
 * @property {boolean} locks whether the second layer has locks
 */

/** So much has to have happened before anything is said of it. */
const ENOUGH = 100;

const percent = (/** @type {number} */ share) => `${Math.round(share * 100)} %`;
const count = (/** @type {number} */ number) => number.toLocaleString('en-US');

/**
 * @param {string} rule
 * @param {'info' | 'warn'} severity
 * @param {string} text
 * @param {{ option?: string, current?: unknown, suggested?: unknown }} [change]
 * @returns {Advice}
 */
function advice(rule, severity, text, { option, current, suggested } = {}) {
  return { rule, severity, option: option ?? null, current: current ?? null, suggested: suggested ?? null, text };
}

/** Each rule: what it says of a cache, if it has something to say. @type {readonly ((about: About) => Advice | undefined)[]} */
const RULES = [
  function tooSmall({ stats, options, again }) {
    const share = again.early / again.all;
    if (again.all < ENOUGH || share < 0.1 || stats.evictions.capacity < ENOUGH) return undefined;
    const current = options['levels']?.L1?.maxEntries ?? DEFAULT_L1_MAX_ENTRIES;
    const bytes = options['levels']?.L1?.maxBytes;
    const option = bytes === undefined ? 'levels.L1.maxEntries' : 'levels.L1.maxBytes';
    return advice(
      'l1-too-small',
      'warn',
      `${percent(share)} of loads were for keys that had been loaded before and should still have been there: L1 made room ${count(stats.evictions.capacity)} times. Raise ${option}.`,
      { option, current: bytes ?? current, suggested: 2 * (bytes ?? current) },
    );
  },
  function shortLived({ lifetimes, again }) {
    const share = again.late / again.all;
    if (again.all < ENOUGH || share < 0.5) return undefined;
    return advice(
      'ttl-makes-loads',
      'info',
      `${percent(share)} of loads were for keys whose lifetime of ${count(lifetimes.L1)} ms was over. A longer ttlMs saves them, where older values will do.`,
      { option: 'ttlMs', current: lifetimes.L1, suggested: 2 * lifetimes.L1 },
    );
  },
  function neverHit({ stats }) {
    const { hits, loads, joins } = stats;
    const used = hits.L1 + hits.L2 + joins;
    if (loads.succeeded < ENOUGH || used >= loads.succeeded * 0.2) return undefined;
    return advice(
      'keys-not-hit',
      'warn',
      `${count(loads.succeeded)} values were loaded and only ${count(used)} reads were answered by them: most keys are never asked for twice. Cache what they have in common, or do not cache them.`,
    );
  },
  function uselessL2({ stats }) {
    const { hits, misses } = stats;
    const looked = hits.L2 + misses.L2;
    if (looked < ENOUGH || hits.L2 >= looked * 0.02) return undefined;
    return advice(
      'l2-without-hits',
      'info',
      `The second layer answered ${percent(hits.L2 / looked)} of ${count(looked)} look-ups. Each of the others waited for it in vain: give it longer lifetimes (levels.L2.ttlMs), or leave it out.`,
      { option: 'levels.L2.ttlMs' },
    );
  },
  function stale({ stats }) {
    if (stats.hits.stale < 10) return undefined;
    return advice(
      'stale-served',
      'warn',
      `${count(stats.hits.stale)} reads were answered with stale copies, as loads failed or took too long: ${count(stats.loads.failed)} loads failed, ${count(stats.loads.timeouts)} passed a limit.`,
      { option: 'timeouts' },
    );
  },
  function failing({ stats }) {
    const share = stats.loads.failed / stats.loads.started;
    if (stats.loads.started < ENOUGH || share < 0.1) return undefined;
    return advice(
      'loads-fail',
      'warn',
      `${percent(share)} of ${count(stats.loads.started)} loads failed. ${stats.hits.stale > 0 ? '' : 'failSafe.enabled answers with the last known value meanwhile.'}`.trim(),
      { option: 'failSafe.enabled' },
    );
  },
  function nearBound({ options, largestSent, stats }) {
    const bound = options['broadcastSetMaxBytes'];
    if (typeof bound !== 'number' || !Number.isFinite(bound)) return undefined;
    if (stats.bus.valuesTooLarge === 0) return undefined;
    const all = stats.bus.valuesTooLarge + stats.bus.valuesSent;
    return advice(
      'values-too-large-to-send',
      'info',
      `${count(stats.bus.valuesTooLarge)} of ${count(all)} loaded values were not sent to other instances, the largest of ${count(largestSent)} bytes: each of those loads them again.`,
      { option: 'broadcastSetMaxBytes', current: bound, suggested: largestSent || null },
    );
  },
  function listeners({ listeners }) {
    if (listeners === 0) return undefined;
    return advice(
      'listeners-cost',
      'info',
      `${count(listeners)} ${listeners === 1 ? 'handler hears' : 'handlers hear'} of every event. One that needs some of them is cheaper as on(handler, { types }).`,
      { option: 'events' },
    );
  },
  function uncontended({ options, stats, locks }) {
    if (options['distributedLock']?.enabled !== true || !locks || stats.loads.started < 10 * ENOUGH) return undefined;
    if (stats.hits.L2 > stats.loads.started * 0.001) return undefined;
    return advice(
      'lock-not-contended',
      'info',
      `distributedLock made ${count(stats.loads.started)} loads wait for a lock, and almost none found the value of another instance in L2 afterwards.`,
      { option: 'distributedLock.enabled', current: true, suggested: false },
    );
  },
  function lostEvents({ stats }) {
    if (stats.bus.gaps === 0) return undefined;
    return advice(
      'bus-gaps',
      'warn',
      `Events of other instances may have been missed ${count(stats.bus.gaps)} times; what L1 held before was not served any more. A durable transport (RabbitMQ, NATS with JetStream) does not lose them.`,
    );
  },
];

/** @param {About} about */
const adviceFor = (about) => RULES.map((rule) => rule(about)).filter((said) => said !== undefined);

module.exports = { adviceFor };
