/**
 * What the counters of a cache say about its options: sentences with a number, and the option to change. Nothing here
 * asks for anything; what the counters do not hold gives no advice.
 *
 * @typedef {import('../state/shapes').Stats} Stats
 * @typedef {{ rule: string, severity: 'info' | 'warn', text: string, number: number, option: string }} Advice
 * @typedef {Readonly<Record<string, number | string | boolean | null | undefined>>} Options by path, as
 *   `levels.L1.maxEntries`; `null` is no bound or off, and what is absent is not known
 * @typedef {(stats: Stats, options: Options) => Advice | undefined} Rule
 */

/** Fewer reads or loads than these say more of the last minute than of an option. */
const ENOUGH_READS = 1000;
const ENOUGH_LOADS = 100;

const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** @param {number} value */
const integer = (value) => count.format(value);

/** @param {number} share */
function percent(share) {
  if (share > 0 && share < 0.001) return 'less than 0.1 %';
  return `${(share * 100).toFixed(share < 0.01 && share > 0 ? 1 : 0)} %`;
}

/** @param {number} part @param {number} whole */
const share = (part, whole) => (whole > 0 ? part / whole : 0);

/** @param {Stats} stats */
const reads = ({ hits, misses }) => hits.L1 + hits.negative + misses.L1;

/** @type {(rule: string, severity: 'info' | 'warn', option: string, number: number, text: string) => Advice} */
const advice = (rule, severity, option, number, text) => ({ rule, severity, text, number, option });

/**
 * Keys that L1 let go of are asked for again: L2 answers them.
 * @type {Rule}
 */
function l1TooSmall({ hits, evictions, L1 }, options) {
  const most = options['levels.L1.maxEntries'];
  const again = share(hits.L2, hits.L1 + hits.L2);
  const isFull = typeof most === 'number' && L1.entries !== null && L1.entries >= most * 0.95;
  if (!isFull || evictions.capacity < ENOUGH_LOADS || evictions.capacity < evictions.expired || again < 0.05) return;
  return advice(
    'l1-too-small',
    'warn',
    'levels.L1.maxEntries',
    again,
    `L1 is full and has evicted ${integer(evictions.capacity)} entries to make room; ${percent(again)} of hits then came ` +
      `from L2. Raise levels.L1.maxEntries above ${integer(Number(most))}.`,
  );
}

/** @type {Rule} */
function shortTtl({ loads, evictions }, options) {
  const expired = Math.min(share(evictions.expired, loads.started), 1);
  if (loads.started < ENOUGH_LOADS || expired < 0.5 || evictions.expired < evictions.capacity) return;
  const ttl = options['levels.L1.ttlMs'] ?? options.ttlMs;
  const now = typeof ttl === 'number' ? ` (now ${integer(ttl)} ms)` : '';
  return advice(
    'ttl-makes-loads',
    'info',
    'ttlMs',
    expired,
    `${integer(evictions.expired)} entries expired, as many as ${percent(expired)} of the loads. A longer ttlMs${now} ` +
      'saves most of those, where values may be that old.',
  );
}

/** @type {Rule} */
function readOnce({ hits, sets, misses }, _options) {
  const perValue = share(hits.L1 + hits.L2, sets);
  if (sets < ENOUGH_LOADS || misses.L1 < ENOUGH_LOADS || perValue >= 1) return;
  return advice(
    'keys-not-hit',
    'warn',
    'levels.L1.policy',
    perValue,
    `A value that is stored is answered ${perValue.toFixed(1)} times on average: most keys are read once. ` +
      'The policy "tinylfu" keeps such keys from driving out others; or do not cache them.',
  );
}

/** @type {Rule} */
function idleL2({ hits, misses }, _options) {
  const asked = hits.L2 + misses.L2;
  const useful = share(hits.L2, asked);
  if (asked < ENOUGH_READS || useful >= 0.02) return;
  return advice(
    'l2-without-hits',
    'info',
    'l2',
    useful,
    `L2 had a value for ${percent(useful)} of ${integer(asked)} reads that asked it. Each of the others paid for the ` +
      'way there: raise levels.L2.ttlMs, or leave L2 out.',
  );
}

/** @type {Rule} */
function staleServed(stats, _options) {
  const { stale } = stats.hits;
  if (stale === 0) return;
  const part = share(stale, reads(stats));
  return advice(
    'stale-served',
    part > 0.01 ? 'warn' : 'info',
    'failSafe.staleTtlMs',
    stale,
    `${integer(stale)} reads (${percent(part)}) were answered with a stale copy, as a load failed or took too long. ` +
      'They may be as old as failSafe.staleTtlMs allows; the view Loads says what failed.',
  );
}

/** @type {Rule} */
function failingLoads({ loads, hits }, options) {
  const over = loads.succeeded + loads.failed;
  const failing = share(loads.failed, over);
  if (over < ENOUGH_LOADS || failing < 0.05 || options['failSafe.enabled'] === true || hits.stale > 0) return;
  return advice(
    'loads-fail',
    'warn',
    'failSafe.enabled',
    failing,
    `${percent(failing)} of loads failed (${integer(loads.failed)}), and their callers got the error. With ` +
      'failSafe.enabled and failSafe.staleTtlMs they get the last known value.',
  );
}

/** @type {Rule} */
function slowLoads({ loads }, options) {
  if (loads.oldestMs < 30_000 || typeof options['timeouts.hardMs'] === 'number') return;
  return advice(
    'unlimited-loads',
    'warn',
    'timeouts.hardMs',
    loads.oldestMs,
    `A load has been running for ${integer(loads.oldestMs / 1000)} s and has no limit: callers that joined it wait as ` +
      'long. Set timeouts.hardMs.',
  );
}

/** @type {Rule} */
function hardLimit({ loads }, options) {
  const late = share(loads.timeouts, loads.started);
  if (loads.started < ENOUGH_LOADS || late < 0.05) return;
  const option = typeof options['timeouts.softMs'] === 'number' ? 'timeouts.softMs' : 'timeouts.hardMs';
  return advice(
    'tight-limit',
    'info',
    option,
    late,
    `${percent(late)} of loads passed a limit (${integer(loads.timeouts)}). If these loads are as slow as that by ` +
      `nature, raise ${option}.`,
  );
}

/** @type {Rule} */
function bypassed({ loads }, options) {
  if (loads.bypassed === 0) return;
  const most = options['inflight.maxEntries'];
  const now = typeof most === 'number' ? ` (now ${integer(most)})` : '';
  return advice(
    'bypassed-loads',
    'warn',
    'inflight.maxEntries',
    loads.bypassed,
    `${integer(loads.bypassed)} loads ran without others being able to join them, as too many ran at a time. Raise ` +
      `inflight.maxEntries${now}.`,
  );
}

/** @type {Rule} */
function largeBroadcasts({ bus }, options) {
  const tried = bus.valuesSent + bus.valuesTooLarge;
  const part = share(bus.valuesTooLarge, tried);
  if (bus.valuesTooLarge === 0) return;
  const most = options.broadcastSetMaxBytes;
  const now = typeof most === 'number' ? ` (now ${integer(most)} bytes)` : '';
  return advice(
    'values-too-large-to-send',
    part > 0.1 ? 'warn' : 'info',
    'broadcastSetMaxBytes',
    part,
    `${integer(bus.valuesTooLarge)} loaded values (${percent(part)}) were too large to be sent: the other instances ` +
      `load them themselves. Raise broadcastSetMaxBytes${now}, or store less.`,
  );
}

/** @type {Rule} */
function skippedL2({ L2 }, _options) {
  if (L2.skipped === 0) return;
  return advice(
    'skipped-l2',
    'warn',
    'resilience.l2CircuitBreaker',
    L2.skipped,
    `${integer(L2.skipped)} operations of L2 were left out, as its circuit was open after ${integer(L2.errors)} ` +
      'errors. If L2 was there, raise resilience.l2TimeoutMs or failureThreshold of its breaker.',
  );
}

/** @type {Rule} */
function busGaps({ bus }, _options) {
  if (bus.gaps === 0) return;
  return advice(
    'bus-gaps',
    'warn',
    'eventBus',
    bus.gaps,
    `Events of other instances may have been missed ${integer(bus.gaps)} times. L1 was emptied each time, and its reads ` +
      'went to L2 or were loaded. The view Bus says when and why.',
  );
}

/** @type {Rule} */
function unbounded({ L1 }, options) {
  const entries = L1.entries ?? 0;
  if (options['levels.L1.maxEntries'] !== null || options['levels.L1.maxBytes'] !== null || entries < 10_000) return;
  return advice(
    'unbounded-l1',
    'warn',
    'levels.L1.maxBytes',
    entries,
    `L1 holds ${integer(entries)} entries and has no bound: it grows until the process has no memory left. Set ` +
      'levels.L1.maxEntries or levels.L1.maxBytes.',
  );
}

/** @type {Rule} */
function halfEmpty({ L1, hits, evictions }, options) {
  const most = options['levels.L1.maxEntries'];
  if (typeof most !== 'number' || most < 10_000 || L1.entries === null || evictions.capacity > 0) return;
  const used = share(L1.entries, most);
  if (hits.L1 < ENOUGH_READS * 100 || used > 0.1) return;
  return advice(
    'roomy-l1',
    'info',
    'levels.L1.maxEntries',
    used,
    `L1 holds ${integer(L1.entries)} of ${integer(most)} entries (${percent(used)}) and never had to make room. A ` +
      'lower levels.L1.maxEntries would bound a burst of new keys.',
  );
}

/** @type {readonly Rule[]} */
export const RULES = [
  l1TooSmall,
  shortTtl,
  readOnce,
  idleL2,
  staleServed,
  failingLoads,
  slowLoads,
  hardLimit,
  bypassed,
  largeBroadcasts,
  skippedL2,
  busGaps,
  unbounded,
  halfEmpty,
];

/**
 * What there is to say, warnings first.
 * @param {Stats} stats
 * @param {Options} options
 * @returns {Advice[]}
 */
export function advise(stats, options) {
  const all = RULES.flatMap((rule) => rule(stats, options) ?? []);
  return [...all.filter(({ severity }) => severity === 'warn'), ...all.filter(({ severity }) => severity === 'info')];
}
