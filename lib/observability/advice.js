'use strict';
// Advice from the numbers of a cache about its options: sentences with a number, and the option to change. The page of
// the dashboard is built with this file as well, so it uses only its arguments.

/**
 * @typedef {object} Advice
 * @property {string} rule
 * @property {'info' | 'warn'} severity
 * @property {string} text
 * @property {number} number the one that the sentence is about
 * @property {string | null} option the one to change
 * @property {number | string | boolean | null} current its present value, if that is known
 * @property {number | string | boolean | null} suggested
 *
 * @typedef {Readonly<Record<string, number | string | boolean | null | undefined>>} Options by path, as
 *   `levels.L1.maxEntries`; `null` is no bound or off, and an absent option is not known
 *
 * @typedef {object} Known facts that a dashboard knows beside the counters; an absent one is not known
 * @property {{ early: number, late: number, all: number }} [again] loads: of keys that had been loaded before and
 *   should still have lived, of keys whose life was over, and all
 * @property {number} [listeners] of every event
 * @property {number} [largestSent] bytes of the largest value that was too large to be sent
 * @property {boolean} [locks] whether the second layer has locks
 *
 * @typedef {object} Counted `cache.stats()`, or the same as JSON has it
 * @property {{ L1: number, L2: number, negative: number, stale: number }} hits
 * @property {{ L1: number, L2: number }} misses
 * @property {number} joins
 * @property {{ started: number, succeeded: number, failed: number, timeouts: number, bypassed: number,
 *   oldestMs: number }} loads
 * @property {number} sets
 * @property {{ capacity: number, expired: number }} evictions
 * @property {{ entries?: number | null | undefined }} L1
 * @property {{ errors: number, skipped: number }} L2
 * @property {{ valuesSent: number, valuesTooLarge: number, gaps: number }} bus
 *
 * @typedef {(stats: Counted, options: Options, known: Known) => Advice | undefined} Rule
 */

/** Fewer reads or loads than these say more of the last minute than of an option. */
const ENOUGH_READS = 1000;
const ENOUGH_LOADS = 100;

const formatted = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** @param {number} value */
const integer = (value) => formatted.format(value);

/** @param {number} share */
function percent(share) {
  if (share > 0 && share < 0.001) return 'less than 0.1 %';
  return `${(share * 100).toFixed(share < 0.01 && share > 0 ? 1 : 0)} %`;
}

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole > 0 ? part / whole : 0);

/** @param {Counted} stats */
const reads = ({ hits, misses }) => hits.L1 + hits.negative + misses.L1;

/**
 * @param {string} rule
 * @param {'info' | 'warn'} severity
 * @param {number} number
 * @param {string} text
 * @param {{ option?: string, current?: Advice['current'] | undefined, suggested?: Advice['suggested'] }} [change]
 * @returns {Advice}
 */
function advice(rule, severity, number, text, { option = '', current = null, suggested = null } = {}) {
  return { rule, severity, text, number, option: option || null, current, suggested };
}

/** The bound of L1 that should be raised, and its new value. @param {Options} options */
function largerBound(options) {
  const option = typeof options['levels.L1.maxBytes'] === 'number' ? 'levels.L1.maxBytes' : 'levels.L1.maxEntries';
  const current = options[option];
  return { option, current, suggested: typeof current === 'number' ? 2 * current : null };
}

/**
 * Keys that L1 let go of are asked for again: loaded again, as a dashboard knows, or answered by L2.
 * @type {Rule}
 */
function l1TooSmall({ hits, evictions, L1 }, options, { again }) {
  if (evictions.capacity < ENOUGH_LOADS) return undefined;
  const change = largerBound(options);
  const made = `${integer(evictions.capacity)} times`;
  const reloaded = again === undefined ? 0 : share(again.early, again.all);
  if (again !== undefined && again.all >= ENOUGH_LOADS && reloaded >= 0.1) {
    const text =
      `${percent(reloaded)} of loads were for keys that had been loaded before and should still have been there: L1 ` +
      `made room ${made}. Raise ${change.option}.`;
    return advice('l1-too-small', 'warn', reloaded, text, change);
  }
  const most = options['levels.L1.maxEntries'];
  const fromL2 = share(hits.L2, hits.L1 + hits.L2);
  const isFull = typeof most === 'number' && typeof L1.entries === 'number' && L1.entries >= most * 0.95;
  if (!isFull || evictions.capacity < evictions.expired || fromL2 < 0.05) return undefined;
  const text =
    `L1 is full and has made room ${made}; ${percent(fromL2)} of hits then came from L2. Raise levels.L1.maxEntries ` +
    `above ${integer(Number(most))}.`;
  return advice('l1-too-small', 'warn', fromL2, text, { ...change, option: 'levels.L1.maxEntries' });
}

/** @type {Rule} */
function shortTtl({ loads, evictions }, options, { again }) {
  const ttl = options['levels.L1.ttlMs'] ?? options['ttlMs'];
  const now = typeof ttl === 'number' ? ` of ${integer(ttl)} ms` : '';
  const change = { option: 'ttlMs', current: ttl, suggested: typeof ttl === 'number' ? 2 * ttl : null };
  if (again !== undefined) {
    const late = share(again.late, again.all);
    if (again.all < ENOUGH_LOADS || late < 0.5) return undefined;
    const text =
      `${percent(late)} of loads were for keys whose lifetime${now} was over. A longer ttlMs saves them, where older ` +
      'values will do.';
    return advice('ttl-makes-loads', 'info', late, text, change);
  }
  const expired = Math.min(share(evictions.expired, loads.started), 1);
  if (loads.started < ENOUGH_LOADS || expired < 0.5 || evictions.expired < evictions.capacity) return undefined;
  const text =
    `${integer(evictions.expired)} entries came to the end of their lifetime${now}, as many as ${percent(expired)} of ` +
    'the loads. A longer ttlMs saves most of those, where older values will do.';
  return advice('ttl-makes-loads', 'info', expired, text, change);
}

/** @type {Rule} */
function readOnce({ hits, joins, sets, misses }, options) {
  const perValue = share(hits.L1 + hits.L2 + joins, sets);
  if (sets < ENOUGH_LOADS || misses.L1 < ENOUGH_LOADS || perValue >= 0.5) return undefined;
  const text =
    `A value that is stored is answered ${perValue.toFixed(1)} times on average: most keys are never asked for twice. ` +
    'The policy "s3fifo" keeps such keys from driving out others; or cache what they have in common.';
  const option = 'levels.L1.policy';
  return advice('keys-not-hit', 'warn', perValue, text, { option, current: options[option], suggested: 's3fifo' });
}

/** @type {Rule} */
function idleL2({ hits, misses }, options) {
  const asked = hits.L2 + misses.L2;
  const useful = share(hits.L2, asked);
  if (asked < ENOUGH_READS || useful >= 0.02) return undefined;
  const text =
    `L2 had a value for ${percent(useful)} of ${integer(asked)} reads that asked it. Each of the others waited for it ` +
    'in vain: raise levels.L2.ttlMs, or leave L2 out.';
  const option = 'levels.L2.ttlMs';
  return advice('l2-without-hits', 'info', useful, text, { option, current: options[option] });
}

/** @type {Rule} */
function staleServed(stats, options) {
  const { stale } = stats.hits;
  if (stale < 10) return undefined;
  const part = share(stale, reads(stats));
  const text =
    `${integer(stale)} reads (${percent(part)}) were answered with a stale copy: ${integer(stats.loads.failed)} loads ` +
    `failed, ${integer(stats.loads.timeouts)} passed a limit. Copies may be as old as failSafe.staleTtlMs allows.`;
  const option = 'failSafe.staleTtlMs';
  return advice('stale-served', part > 0.01 ? 'warn' : 'info', stale, text, { option, current: options[option] });
}

/** @type {Rule} */
function failingLoads({ loads, hits }, options) {
  const over = loads.succeeded + loads.failed;
  const failing = share(loads.failed, over);
  // Without a time for stale copies there are none.
  const keepsStale = options['failSafe.enabled'] === true && Number(options['failSafe.staleTtlMs']) > 0;
  if (over < ENOUGH_LOADS || failing < 0.05 || keepsStale || hits.stale > 0) return undefined;
  const text =
    `${percent(failing)} of loads failed (${integer(loads.failed)}), and their callers got the error. With ` +
    'failSafe.enabled and failSafe.staleTtlMs they get the last known value.';
  const isEnabled = options['failSafe.enabled'] === true;
  const [option, suggested] = isEnabled ? ['failSafe.staleTtlMs', undefined] : ['failSafe.enabled', true];
  return advice('loads-fail', 'warn', failing, text, { option, current: options[option], suggested });
}

/** @type {Rule} */
function unlimitedLoads({ loads }, options) {
  const option = 'timeouts.hardMs';
  if (loads.oldestMs < 30_000 || typeof options[option] === 'number') return undefined;
  const text =
    `A load has been running for ${integer(loads.oldestMs / 1000)} s and has no limit: callers that joined it wait as ` +
    'long. Set timeouts.hardMs.';
  return advice('unlimited-loads', 'warn', loads.oldestMs, text, { option });
}

/** @type {Rule} */
function tightLimit({ loads }, options) {
  const late = share(loads.timeouts, loads.started);
  if (loads.started < ENOUGH_LOADS || late < 0.05) return undefined;
  const option = typeof options['timeouts.softMs'] === 'number' ? 'timeouts.softMs' : 'timeouts.hardMs';
  const text =
    `${percent(late)} of loads passed a limit (${integer(loads.timeouts)}). If these loads are as slow as that by ` +
    `nature, raise ${option}.`;
  return advice('tight-limit', 'info', late, text, { option, current: options[option] });
}

/** @type {Rule} */
function bypassed({ loads }, options) {
  if (loads.bypassed === 0) return undefined;
  const option = 'inflight.maxEntries';
  const current = options[option];
  const now = typeof current === 'number' ? ` (now ${integer(current)})` : '';
  const text =
    `${integer(loads.bypassed)} loads ran without others being able to join them, as too many ran at a time. Raise ` +
    `inflight.maxEntries${now}.`;
  return advice('bypassed-loads', 'warn', loads.bypassed, text, { option, current });
}

/** @type {Rule} */
function largeValues({ bus }, options, { largestSent }) {
  if (bus.valuesTooLarge === 0) return undefined;
  const part = share(bus.valuesTooLarge, bus.valuesSent + bus.valuesTooLarge);
  const option = 'broadcastSetMaxBytes';
  const current = options[option];
  const now = typeof current === 'number' ? ` (now ${integer(current)} bytes)` : '';
  const largest = largestSent ? `, the largest of ${integer(largestSent)} bytes` : '';
  const text =
    `${integer(bus.valuesTooLarge)} loaded values (${percent(part)}) were too large to be sent${largest}: the other ` +
    `instances load them themselves. Raise broadcastSetMaxBytes${now}, or store less.`;
  const change = { option, current, suggested: largestSent || null };
  return advice('values-too-large-to-send', part > 0.1 ? 'warn' : 'info', part, text, change);
}

/** @type {Rule} */
function skippedL2({ L2 }) {
  if (L2.skipped === 0) return undefined;
  const text =
    `${integer(L2.skipped)} operations of L2 were left out, as its circuit was open after ${integer(L2.errors)} ` +
    'errors. If L2 was there, raise resilience.l2TimeoutMs or failureThreshold of its breaker.';
  return advice('skipped-l2', 'warn', L2.skipped, text, { option: 'resilience.l2CircuitBreaker' });
}

/** @type {Rule} */
function busGaps({ bus }) {
  if (bus.gaps === 0) return undefined;
  const text =
    `Events of other instances may have been missed ${integer(bus.gaps)} times. L1 was emptied each time, and its ` +
    'reads went to L2 or were loaded. A durable transport (RabbitMQ, NATS with JetStream) does not lose them.';
  return advice('bus-gaps', 'warn', bus.gaps, text, { option: 'eventBus' });
}

/** @type {Rule} */
function unbounded({ L1 }, options) {
  const entries = L1.entries ?? 0;
  if (options['levels.L1.maxEntries'] !== null || options['levels.L1.maxBytes'] !== null) return undefined;
  if (entries < 10_000) return undefined;
  const text =
    `L1 holds ${integer(entries)} entries and has no bound: it grows until the process has no memory left. Set ` +
    'levels.L1.maxEntries or levels.L1.maxBytes.';
  return advice('unbounded-l1', 'warn', entries, text, { option: 'levels.L1.maxBytes' });
}

/** @type {Rule} */
function roomy({ L1, hits, evictions }, options) {
  const option = 'levels.L1.maxEntries';
  const most = options[option];
  if (typeof most !== 'number' || most < 10_000 || typeof L1.entries !== 'number') return undefined;
  const used = share(L1.entries, most);
  if (evictions.capacity > 0 || hits.L1 < ENOUGH_READS * 100 || used > 0.1) return undefined;
  const text =
    `L1 holds ${integer(L1.entries)} of ${integer(most)} entries (${percent(used)}) and never had to make room. A ` +
    'lower levels.L1.maxEntries would bound a burst of new keys.';
  return advice('roomy-l1', 'info', used, text, { option, current: most });
}

/** @type {Rule} */
function listeners(_stats, _options, { listeners: count = 0 }) {
  if (count === 0) return undefined;
  const text =
    `${integer(count)} ${count === 1 ? 'handler hears' : 'handlers hear'} of every event. One that needs some of them ` +
    'is cheaper as on(handler, { types }).';
  return advice('listeners-cost', 'info', count, text, { option: 'events' });
}

/** @type {Rule} */
function idleLock({ hits, loads }, options, { locks }) {
  const option = 'distributedLock.enabled';
  if (options[option] !== true || locks !== true || loads.started < 10 * ENOUGH_LOADS) return undefined;
  if (hits.L2 > loads.started * 0.001) return undefined;
  const text =
    `distributedLock made ${integer(loads.started)} loads wait for a lock, and almost none found the value of another ` +
    'instance in L2 afterwards.';
  return advice('lock-not-contended', 'info', loads.started, text, { option, current: true, suggested: false });
}

/** @type {readonly Rule[]} */
const RULES = [
  l1TooSmall,
  shortTtl,
  readOnce,
  idleL2,
  staleServed,
  failingLoads,
  unlimitedLoads,
  tightLimit,
  bypassed,
  largeValues,
  skippedL2,
  busGaps,
  unbounded,
  roomy,
  listeners,
  idleLock,
];

/**
 * All advice, warnings first.
 * @param {Counted} stats
 * @param {Options} options
 * @param {Known} [known]
 * @returns {Advice[]}
 */
function advise(stats, options, known = {}) {
  const all = RULES.flatMap((rule) => rule(stats, options, known) ?? []);
  return [...all.filter(({ severity }) => severity === 'warn'), ...all.filter(({ severity }) => severity === 'info')];
}

module.exports = { RULES, advise };
