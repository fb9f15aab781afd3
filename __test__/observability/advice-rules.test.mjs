// Each rule of the advice: numbers for which it speaks, and near them some for which it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { COUNT, statsOf } = require('../../lib/contract/stats.js');
const { RULES, advise } = require('../../lib/observability/advice.js');

/** A cache that nothing is to be said about. */
function calm() {
  const stats = statsOf(new Float64Array(COUNT));
  Object.assign(stats.hits, { L1: 90_000, L2: 900 });
  Object.assign(stats.misses, { L1: 10_000, L2: 9000 });
  Object.assign(stats.loads, { started: 9000, succeeded: 9000, totalMs: 90_000 });
  Object.assign(stats.L1, { entries: 900, bytes: null });
  stats.sets = 9000;
  return stats;
}

const BOUNDED = { 'levels.L1.maxEntries': 1000, 'levels.L1.maxBytes': null, ttlMs: 60_000 };

/** The advice of one rule, after changes to a calm cache. */
function of(rule, change, options = {}, known = {}) {
  const stats = calm();
  change(stats);
  return advise(stats, { ...BOUNDED, ...options }, known).find((advice) => advice.rule === rule);
}

const named = new Set();
const nothing = () => {};

/** A rule that speaks for one change, and not for the other; `by` says by what it knows it, where there are several ways. */
function rule(name, { by = '', speaks = nothing, silent = nothing, options, silentOptions = options, ...more }) {
  const { known, silentKnown = known, option, number, text, current = null, suggested = null } = more;
  named.add(name);
  test(`advice: ${name}${by}`, () => {
    const found = of(name, speaks, options, known);
    assert.ok(found !== undefined, 'it says nothing');
    assert.deepEqual([found.option, found.current, found.suggested], [option, current, suggested]);
    assert.equal(Number(found.number.toFixed(3)), number);
    assert.match(found.text, text);
    assert.match(found.text, /\d/, 'a sentence with a number');
    assert.match(found.text, /\.$/);
    assert.ok(['info', 'warn'].includes(found.severity));
    assert.equal(of(name, silent, silentOptions, silentKnown), undefined);
  });
}

test('nothing is said of a cache that nothing is to be said about, nor of one that has done nothing', () => {
  assert.deepEqual(advise(calm(), BOUNDED), []);
  const idle = JSON.parse(JSON.stringify(calm(), (_, value) => (typeof value === 'number' ? 0 : value)));
  assert.deepEqual(advise(idle, BOUNDED), []);
  assert.deepEqual(advise(idle, {}), []);
});

rule('l1-too-small', {
  speaks: (stats) => {
    stats.L1.entries = 1000;
    stats.evictions.capacity = 4500;
    stats.hits.L2 = 10_000;
  },
  silent: (stats) => {
    stats.L1.entries = 900;
    stats.evictions.capacity = 4500;
    stats.hits.L2 = 10_000;
  },
  option: 'levels.L1.maxEntries',
  current: 1000,
  suggested: 2000,
  number: 0.1,
  text: /has made room 4,500 times; 10 % of hits then came from L2\. Raise .* above 1,000\./,
});

rule('l1-too-small', {
  by: ', by loads of keys that had been loaded before',
  speaks: (stats) => (stats.evictions.capacity = 500),
  silent: (stats) => (stats.evictions.capacity = 500),
  options: { 'levels.L1.maxBytes': 1e6 },
  known: { again: { early: 40, late: 0, all: 100 } },
  silentKnown: { again: { early: 9, late: 0, all: 100 } },
  option: 'levels.L1.maxBytes',
  current: 1e6,
  suggested: 2e6,
  number: 0.4,
  text: /^40 % of loads .* made room 500 times\. Raise levels\.L1\.maxBytes\.$/,
});

rule('ttl-makes-loads', {
  speaks: (stats) => (stats.evictions.expired = 6750),
  silent: (stats) => (stats.evictions.expired = 4000),
  option: 'ttlMs',
  current: 60_000,
  suggested: 120_000,
  number: 0.75,
  text: /^6,750 entries came to the end of their lifetime of 60,000 ms, as many as 75 % of the loads\. A longer ttlMs/,
});

rule('ttl-makes-loads', {
  by: ', by loads of keys that had been loaded before',
  known: { again: { early: 0, late: 80, all: 100 } },
  silentKnown: { again: { early: 0, late: 40, all: 100 } },
  option: 'ttlMs',
  current: 60_000,
  suggested: 120_000,
  number: 0.8,
  text: /^80 % of loads .* lifetime of 60,000 ms was over/,
});

rule('keys-not-hit', {
  speaks: (stats) => (stats.hits.L1 = 1800),
  silent: (stats) => (stats.hits.L1 = 9000),
  options: { 'levels.L1.policy': 'lru' },
  option: 'levels.L1.policy',
  current: 'lru',
  suggested: 's3fifo',
  number: 0.3,
  text: /answered 0\.3 times on average/,
});

rule('l2-without-hits', {
  speaks: (stats) => (stats.hits.L2 = 9),
  silent: (stats) => (stats.hits.L2 = 900),
  options: { 'levels.L2.ttlMs': 5000 },
  option: 'levels.L2.ttlMs',
  current: 5000,
  number: 0.001,
  text: /had a value for less than 0\.1 % of 9,009 reads/,
});

rule('stale-served', {
  speaks: (stats) => {
    stats.hits.stale = 2000;
    Object.assign(stats.loads, { failed: 9, timeouts: 4 });
  },
  silent: (stats) => (stats.hits.stale = 9),
  option: 'failSafe.staleTtlMs',
  number: 2000,
  text: /^2,000 reads \(2 %\) were answered with a stale copy: 9 loads failed, 4 passed a limit/,
});

rule('loads-fail', {
  speaks: (stats) => Object.assign(stats.loads, { succeeded: 8100, failed: 900 }),
  silent: (stats) => Object.assign(stats.loads, { succeeded: 8100, failed: 900 }),
  silentOptions: { 'failSafe.enabled': true, 'failSafe.staleTtlMs': 60_000 },
  option: 'failSafe.enabled',
  suggested: true,
  number: 0.1,
  text: /^10 % of loads failed \(900\)/,
});

rule('loads-fail', {
  by: ', where stale copies have no time',
  speaks: (stats) => Object.assign(stats.loads, { succeeded: 8100, failed: 900 }),
  silent: (stats) => Object.assign(stats.loads, { succeeded: 9000 }),
  options: { 'failSafe.enabled': true },
  option: 'failSafe.staleTtlMs',
  number: 0.1,
  text: /failSafe.staleTtlMs/,
});

rule('unlimited-loads', {
  speaks: (stats) => (stats.loads.oldestMs = 45_000),
  silent: (stats) => (stats.loads.oldestMs = 45_000),
  silentOptions: { 'timeouts.hardMs': 60_000 },
  option: 'timeouts.hardMs',
  number: 45_000,
  text: /running for 45 s and has no limit/,
});

rule('tight-limit', {
  speaks: (stats) => (stats.loads.timeouts = 900),
  silent: (stats) => (stats.loads.timeouts = 90),
  options: { 'timeouts.softMs': 100 },
  option: 'timeouts.softMs',
  current: 100,
  number: 0.1,
  text: /^10 % of loads passed a limit \(900\).* raise timeouts\.softMs/,
});

rule('bypassed-loads', {
  speaks: (stats) => (stats.loads.bypassed = 12),
  silent: (stats) => (stats.loads.bypassed = 0),
  options: { 'inflight.maxEntries': 100 },
  option: 'inflight.maxEntries',
  current: 100,
  number: 12,
  text: /^12 loads ran .* Raise inflight\.maxEntries \(now 100\)/,
});

rule('values-too-large-to-send', {
  speaks: (stats) => Object.assign(stats.bus, { valuesSent: 90, valuesTooLarge: 10 }),
  silent: (stats) => Object.assign(stats.bus, { valuesSent: 90, valuesTooLarge: 0 }),
  options: { broadcastSetMaxBytes: 65_536 },
  option: 'broadcastSetMaxBytes',
  current: 65_536,
  number: 0.1,
  text: /^10 loaded values \(10 %\) were too large to be sent: .* \(now 65,536 bytes\)/,
});

rule('values-too-large-to-send', {
  by: ', with the largest of them',
  speaks: (stats) => Object.assign(stats.bus, { valuesSent: 5, valuesTooLarge: 5 }),
  options: { broadcastSetMaxBytes: 100 },
  known: { largestSent: 5000 },
  option: 'broadcastSetMaxBytes',
  current: 100,
  suggested: 5000,
  number: 0.5,
  text: /^5 loaded values \(50 %\) were too large to be sent, the largest of 5,000 bytes/,
});

rule('listeners-cost', {
  known: { listeners: 2 },
  silentKnown: { listeners: 0 },
  option: 'events',
  number: 2,
  text: /^2 handlers hear of every event/,
});

rule('lock-not-contended', {
  speaks: (stats) => (stats.hits.L2 = 0),
  options: { 'distributedLock.enabled': true },
  known: { locks: true },
  option: 'distributedLock.enabled',
  current: true,
  suggested: false,
  number: 9000,
  text: /^distributedLock made 9,000 loads wait/,
});

rule('skipped-l2', {
  speaks: (stats) => Object.assign(stats.L2, { errors: 3, skipped: 210 }),
  silent: (stats) => Object.assign(stats.L2, { errors: 3, skipped: 0 }),
  option: 'resilience.l2CircuitBreaker',
  number: 210,
  text: /^210 operations of L2 were left out, as its circuit was open after 3 errors/,
});

rule('bus-gaps', {
  speaks: (stats) => (stats.bus.gaps = 2),
  silent: (stats) => (stats.bus.gaps = 0),
  option: 'eventBus',
  number: 2,
  text: /may have been missed 2 times/,
});

rule('unbounded-l1', {
  speaks: (stats) => (stats.L1.entries = 50_000),
  silent: (stats) => (stats.L1.entries = 50_000),
  options: { 'levels.L1.maxEntries': null },
  silentOptions: { 'levels.L1.maxEntries': null, 'levels.L1.maxBytes': 1e9 },
  option: 'levels.L1.maxBytes',
  number: 50_000,
  text: /holds 50,000 entries and has no bound/,
});

rule('roomy-l1', {
  speaks: (stats) => {
    stats.hits.L1 = 1e6;
    stats.L1.entries = 500;
  },
  silent: (stats) => {
    stats.hits.L1 = 1e6;
    stats.L1.entries = 5000;
  },
  options: { 'levels.L1.maxEntries': 10_000 },
  option: 'levels.L1.maxEntries',
  current: 10_000,
  number: 0.05,
  text: /holds 500 of 10,000 entries \(5 %\)/,
});

test('every rule has a test', () => {
  assert.equal(named.size, RULES.length);
});

test('warnings come first, and each rule speaks once', () => {
  const stats = calm();
  Object.assign(stats.bus, { valuesSent: 990, valuesTooLarge: 10, gaps: 1 });
  stats.loads.bypassed = 1;
  const all = advise(stats, BOUNDED);
  assert.deepEqual(
    all.map(({ severity }) => severity),
    ['warn', 'warn', 'info'],
  );
  assert.equal(new Set(all.map(({ rule: name }) => name)).size, 3);
});

test('options that are not known make no advice fail, nor say that something is so', () => {
  const stats = calm();
  stats.L1.entries = 50_000;
  assert.equal(
    advise(stats, {}).find(({ rule: name }) => name === 'unbounded-l1'),
    undefined,
  );
});
