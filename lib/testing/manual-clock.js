'use strict';
// A clock for tests that moves by hand. Caches follow it, as they follow every clock that a test puts in the place of
// the real one.

const { promisify } = require('node:util');

const { argument, misuse } = require('../errors.js');
const { mustBeObject } = require('../options/read.js');

/** The functions of the platform that it replaces, while one is installed. @type {Record<string, any> | undefined} */
let replaced;

const NAMES = ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'];

/** A timer, as `setTimeout` returns it. */
class ManualTimer {
  /**
   * @param {Timers} timers
   * @param {() => void} fire
   * @param {number} ms
   * @param {boolean} repeats
   */
  constructor(timers, fire, ms, repeats) {
    this.timers = timers;
    this.fire = fire;
    /** As of Node.js: at least a millisecond. */
    this.ms = ms >= 1 && ms <= 0x7fff_ffff ? Math.trunc(ms) : 1;
    this.repeats = repeats;
    this.id = timers.next++;
    this.due = timers.now + this.ms;
    timers.all.set(this.id, this);
  }

  refresh() {
    this.due = this.timers.now + this.ms;
    this.timers.all.set(this.id, this);
    return this;
  }

  close() {
    this.timers.all.delete(this.id);
    return this;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }

  hasRef() {
    return true;
  }

  [Symbol.toPrimitive]() {
    return this.id;
  }
}

/** The timers of a clock. */
class Timers {
  /** @param {number} now in milliseconds since 1970 */
  constructor(now) {
    this.now = now;
    this.next = 1;
    /** @type {Map<number, ManualTimer>} */
    this.all = new Map();
  }

  /**
   * @param {unknown} callback
   * @param {unknown} ms
   * @param {any[]} args
   * @param {boolean} repeats
   */
  start(callback, ms, args, repeats) {
    if (typeof callback !== 'function') throw argument('callback', 'a function', callback);
    return new ManualTimer(this, () => callback(...args), Number(ms), repeats);
  }

  /** @param {any} timer one, its number, or nothing */
  stop(timer) {
    this.all.delete(typeof timer === 'object' && timer !== null ? timer.id : Number(timer));
  }

  /** The timer that is due first, until then. @param {number} end @returns {ManualTimer | undefined} */
  first(end) {
    let first;
    for (const timer of this.all.values()) {
      if (timer.due <= end && (first === undefined || timer.due < first.due)) first = timer;
    }
    return first;
  }
}

/**
 * A `Date` that tells the time of a clock. It shares the prototype of the real one, as dates of both are dates.
 * @param {Timers} timers
 */
function dateOf(timers) {
  const RealDate = Date;
  /** @param {any[]} args */
  function ManualDate(...args) {
    if (new.target === undefined) return new RealDate(timers.now).toString();
    return Reflect.construct(RealDate, args.length === 0 ? [timers.now] : args, new.target);
  }
  const now = { ...Object.getOwnPropertyDescriptor(RealDate, 'now'), value: () => timers.now };
  return Object.defineProperties(ManualDate, { ...Object.getOwnPropertyDescriptors(RealDate), now });
}

/**
 * The functions that tell the time of a clock. The mark `clock` is the one of fake timers.
 * @param {Timers} timers
 */
function functionsOf(timers) {
  const start =
    (/** @type {boolean} */ repeats) =>
    (/** @type {unknown} */ callback, /** @type {unknown} */ ms, /** @type {any[]} */ ...args) =>
      timers.start(callback, ms, args, repeats);
  const stop = (/** @type {unknown} */ timer) => timers.stop(timer);
  const marked = (/** @type {Function} */ fn) => Object.assign(fn, { clock: timers });
  const sleep = (/** @type {unknown} */ ms, /** @type {unknown} */ value) =>
    new Promise((resolve) => void timers.start(resolve, ms, [value], false));
  return {
    Date: dateOf(timers),
    setTimeout: Object.defineProperty(marked(start(false)), promisify.custom, { value: sleep }),
    clearTimeout: marked(stop),
    setInterval: marked(start(true)),
    clearInterval: marked(stop),
  };
}

/**
 * Puts functions of the platform in place.
 * @param {Record<string, any>} functions
 */
function put(functions) {
  Object.assign(globalThis, functions);
  functions.Date.prototype.constructor = functions.Date;
}

/** Lets promises settle, and callbacks that wait for a turn of the event loop run. */
const turn = (/** @type {typeof setImmediate} */ realImmediate) => new Promise((resolve) => realImmediate(resolve));

/**
 * @param {Given} [options]
 * @returns {import('../../types/testing.js').ManualClock}
 */
function manualClock(options) {
  mustBeObject('options', options);
  const now = options?.now ?? Date.now();
  if (typeof now !== 'number' || !Number.isFinite(now)) throw argument('now', 'a number of milliseconds', now);
  if (replaced !== undefined) throw misuse('a manual clock is in place already: call its restore() first');
  const globals = /** @type {Record<string, any>} */ (globalThis);
  const timers = new Timers(now);
  const began = performance.now() - now;
  const realImmediate = setImmediate;
  replaced = Object.fromEntries(NAMES.map((name) => [name, globals[name]]));
  put(functionsOf(timers));
  const timer = { value: () => timers.now + began, configurable: true, writable: true };
  Object.defineProperty(performance, 'now', timer);
  let isInPlace = true;
  const restore = () => {
    if (!isInPlace) return;
    isInPlace = false;
    put(/** @type {Record<string, any>} */ (replaced));
    replaced = undefined;
    Reflect.deleteProperty(performance, 'now');
    // One of them may have called this.
    timers.all.clear();
  };
  /** The last move: the next one begins when it has ended, or the clock might go back. @type {Promise<void>} */
  let last = Promise.resolve();
  const advance = async (/** @type {number} */ ms) => {
    if (typeof ms !== 'number' || !(ms >= 0 && ms < Infinity)) throw argument('ms', 'a number from 0 on', ms);
    const moved = last.then(() => move(timers, ms, realImmediate));
    last = moved.catch(() => {});
    await moved;
  };
  return { now: () => timers.now, advance, restore };
}

/**
 * Moves a clock, and calls the timers that are due meanwhile.
 * @param {Timers} timers
 * @param {number} ms
 * @param {typeof setImmediate} realImmediate
 */
async function move(timers, ms, realImmediate) {
  const end = timers.now + ms;
  await turn(realImmediate);
  for (let due = timers.first(end); due !== undefined; due = timers.first(end)) {
    timers.now = Math.max(timers.now, due.due);
    if (due.repeats) due.refresh();
    else due.close();
    due.fire();
    await turn(realImmediate);
  }
  timers.now = end;
  await turn(realImmediate);
}

module.exports = { manualClock };
