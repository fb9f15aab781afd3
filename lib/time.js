'use strict';
// The clock for the lives of entries: the machine's, or one that a test has put in its place. docs/decisions/time.md
// says which clock is read when.

const { CLOCK } = require('./contract/numbers.js');
const { given } = require('./platform.js');
const { bridge, settle } = require('./raw.js');

const { raw, clock } = bridge;

const { FOLLOWS, TIMERS, TIME } = CLOCK;

/**
 * The hits of a fast run that one look at the clock serves: this number with a record, and as many without. A power of
 * two.
 */
const PACE = 256;
/** A timeout of JavaScript is not longer. */
const LONGEST_MS = 0x7fff_ffff;
/**
 * The jobs, such as `await`s of async functions, that a finished loader may still take after its limit, before the
 * limit counts.
 */
const JOBS = 10;

const source = Function.prototype.toString;
/** Of the functions of fake timers, and of mocked ones. @param {Foreign} fn */
const isMarked = (fn) => fn.clock !== undefined || Object.hasOwn(fn, '_isMockFunction');
/** @param {Foreign} fn */
const isRealNow = (fn) =>
  typeof fn === 'function' && /^function now\(\) \{\s*\[native code\]\s*\}$/.test(source.call(fn));
/** @param {Foreign} fn */
const isRealTimeout = (fn) =>
  typeof fn === 'function' &&
  fn.name === 'setTimeout' &&
  !isMarked(fn) &&
  source.call(fn).startsWith('function setTimeout(');
/** The real `now` is not an own property: Node.js has it in the prototype. @param {Foreign} timer */
const isRealTimer = (timer) => timer !== undefined && !Object.hasOwn(timer, 'now') && !isMarked(timer.now);

/** Stands for an unknown function of the platform: no function equals it. */
const UNKNOWN = () => NaN;

/**
 * The functions of the platform. Fake ones may have been there before the package was imported: then they become
 * known when they are put back. `performance` becomes known with the first cache: Node.js takes a millisecond to have
 * it there.
 */
const real = {
  dateNow: isRealNow(given.dateNow) ? given.dateNow : UNKNOWN,
  timer: { now: UNKNOWN },
  timerNow: UNKNOWN,
  setTimeout: isRealTimeout(given.setTimeout) ? given.setTimeout : UNKNOWN,
};

/** This realm, among those of the environment that may start timers. */
const REALM = 1 + Math.random();

/**
 * Whether the clocks are not replaced. This costs the optimised code of a hit next to nothing: V8 throws that code away
 * when one of the functions changes. `&&` takes more bytecode than V8 puts into a join, which then takes 2.5 ns more.
 */
function isReal() {
  return Date.now === real.dateNow ? real.timer.now === real.timerNow : false;
}

/** The same, with the checks that take longer. */
function isTimeReal() {
  if (Date.now !== real.dateNow && isRealNow(Date.now)) real.dateNow = Date.now;
  const current = globalThis.performance;
  if (current !== real.timer && isRealTimer(current)) {
    real.timer = current;
    real.timerNow = current.now;
  }
  return isReal() && current === real.timer;
}

/** Follows the clock that a test has put in the place of the real one. Returns its time. */
function follow() {
  if (Date.now !== real.dateNow) return raw.follow(Date.now(), real.dateNow(), true);
  return raw.follow(globalThis.performance.now(), real.timerNow.call(real.timer), false);
}

/** Looks at the clock. Returns the time in milliseconds. */
function look() {
  return isTimeReal() ? raw.look(1) : follow();
}

/** A batch of hits was answered: looks at the clock. */
function paced() {
  if (isReal()) raw.look(PACE);
  else follow();
}

/** How many answers left no record since the clock was looked at. */
let passed = 0;

/** Counts an answer that leaves no record in a journal. */
function pass() {
  passed = (passed + 1) & (PACE - 1);
  if (passed === 0) paced();
}

/** The time, at most as old as a tick of the clock. */
function time() {
  const now = clock[TIME];
  return now !== Infinity && isReal() ? now : look();
}

/** Milliseconds of a clock with fractions, to measure durations. */
function instant() {
  return isReal() ? real.timer.now() : look();
}

/** Before a call of the addon: makes it follow the clock and timers of a test. */
function attune() {
  if (!isTimeReal()) follow();
  else if (clock[FOLLOWS] !== 0) look();
  if (setTimeout !== real.setTimeout) replaceTimers();
  else if (clock[TIMERS] !== 0) restoreTimers();
}

function replaceTimers() {
  if (isRealTimeout(setTimeout)) {
    real.setTimeout = setTimeout;
    if (clock[TIMERS] !== 0) restoreTimers();
  } else if (clock[TIMERS] !== REALM) {
    clock[TIMERS] = REALM;
    raw.fakeTimers(startTimer);
  }
}

function restoreTimers() {
  clock[TIMERS] = 0;
  raw.fakeTimers(undefined);
}

/** The result of `setTimeout`, by the number of a timer. @type {Map<number, any>} */
const started = new Map();

/**
 * Starts a timer of the engine, or cancels it when the time is below 0.
 * @param {number} id
 * @param {number} millis
 */
function startTimer(id, millis) {
  if (millis >= 0) {
    started.set(id, undefined);
    arm(id, millis);
    return;
  }
  clearTimeout(started.get(id));
  started.delete(id);
}

/**
 * @param {number} id
 * @param {number} millis
 */
function arm(id, millis) {
  const span = Math.min(millis, LONGEST_MS);
  const handle = setTimeout(() => {
    if (!started.has(id)) return;
    if (millis > span) {
      arm(id, millis - span);
      return;
    }
    started.delete(id);
    fire(id, JOBS);
  }, span);
  if (started.has(id)) started.set(id, handle);
}

/**
 * @param {number} id
 * @param {number} jobs
 */
async function fire(id, jobs) {
  for (let job = 0; job < jobs; job++) await undefined;
  attune();
  raw.timerFired(id);
  settle();
}

// Elsewhere the functions of libuv are not there, or end the process.
const { bun, deno } = /** @type {Foreign} */ (process.versions);
raw.watchTurns(bun === undefined && deno === undefined);

module.exports = { attune, instant, isReal, look, paced, pass, time, PACE };
