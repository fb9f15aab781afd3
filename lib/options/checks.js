'use strict';
// The checks of each kind of option.

const { POLICIES } = require('../contract/words.js');
const { optionRange, optionType } = require('../errors.js');

/**
 * Returns the value that crosses to the addon: a number, a text or several, or nothing where the option has no effect.
 * @template {number | boolean | string | readonly string[] | undefined} [T=number]
 * @typedef {(path: string, value: unknown) => T} Check
 */

/**
 * A number of milliseconds, 0 or Infinity for no end.
 * @type {Check}
 */
function lifetime(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more (0 and Infinity: no expiry)', (n) => n >= 0);
}

/**
 * The lifetime by a call: it may be over, as one that was computed from a token's end.
 * @type {Check}
 */
function anyLifetime(path, value) {
  return number(
    path,
    value,
    'a number of milliseconds (below 0: not kept; 0 and Infinity: no expiry)',
    (n) => !Number.isNaN(n),
  );
}

/**
 * A number of milliseconds for which something beside the entries is kept: 0 for not at all, Infinity for no end.
 * @type {Check}
 */
function span(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more (0: not at all, Infinity: no end)', (n) => n >= 0);
}

/**
 * A number of milliseconds that something may take.
 * @type {Check}
 */
function limit(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more (0 and Infinity: no limit)', (n) => n >= 0);
}

/**
 * A number of milliseconds above 0.
 * @type {Check}
 */
function duration(path, value) {
  return number(path, value, 'a number of milliseconds above 0', (n) => n > 0);
}

/**
 * A finite number of milliseconds, 0 or more.
 * @type {Check}
 */
function timeout(path, value) {
  return number(path, value, 'a finite number of milliseconds, 0 or more', (n) => n >= 0 && n !== Infinity);
}

/**
 * The same for the engine. A 0 crosses as a time too short to matter: as a lifetime it has no end.
 * @type {Check}
 */
function wait(path, value) {
  return timeout(path, value) || 1e-3;
}

/**
 * A number of milliseconds, 0 or more, or Infinity for one that does not end. A 0 crosses as above.
 * @type {Check}
 */
function endless(path, value) {
  return number(path, value, 'a number of milliseconds, 0 or more, or Infinity', (n) => n >= 0) || 1e-3;
}

/**
 * A positive integer, or Infinity for no bound.
 * @type {Check}
 */
function entries(path, value) {
  return number(path, value, 'a positive integer or Infinity', (n) => n > 0 && (Number.isInteger(n) || n === Infinity));
}

/**
 * A number of entries, 0 for none and Infinity for no bound.
 * @type {Check}
 */
function entriesOrNone(path, value) {
  return number(path, value, 'an integer, 0 or more (0: none), or Infinity', isCount);
}

/**
 * The most entries of the memory layer. A 0 crosses as Infinity: both are no bound.
 * @type {Check}
 */
function bound(path, value) {
  return number(path, value, 'a positive integer (0 and Infinity: no bound)', isCount) || Infinity;
}

/** @param {number} n */
const isCount = (n) => n >= 0 && (Number.isInteger(n) || n === Infinity);

/**
 * A positive integer.
 * @type {Check}
 */
function count(path, value) {
  return number(path, value, 'a positive integer', (n) => n > 0 && Number.isInteger(n));
}

/**
 * A number of bytes.
 * @type {Check}
 */
function bytes(path, value) {
  return number(path, value, 'a number of bytes: an integer, 0 or more, or Infinity', isCount);
}

/**
 * A part of a whole.
 * @type {Check}
 */
function fraction(path, value) {
  return number(path, value, 'a number from 0 (off) to below 1', (n) => n >= 0 && n < 1);
}

/**
 * A number by which another is multiplied.
 * @type {Check}
 */
function factor(path, value) {
  return number(path, value, 'a finite number, 0 (off) or more', (n) => n >= 0 && n !== Infinity);
}

/** @type {Check<boolean>} */
function yes(path, value) {
  if (typeof value !== 'boolean') throw optionType(path, 'true or false', value);
  return value;
}

/** @type {Check} */
function flag(path, value) {
  return yes(path, value) ? 1 : 0;
}

/**
 * One of some words. Its number crosses.
 * @param {readonly string[]} words
 * @returns {Check}
 */
function oneOf(words) {
  const allowed = `one of ${words.map((word) => `"${word}"`).join(', ')}`;
  return (path, value) => {
    if (typeof value !== 'string') throw optionType(path, allowed, value);
    if (!words.includes(value)) throw optionRange(path, allowed, value);
    return words.indexOf(value);
  };
}

/**
 * A name. An environment variable that is set to nothing is not given.
 * @type {Check<string | undefined>}
 */
function name(path, value) {
  if (typeof value !== 'string') throw optionType(path, 'a string', value);
  return value === '' ? undefined : value;
}

/** A half of a character alone, which cannot cross to the addon. */
const HALF = /\p{Surrogate}/u;

/**
 * A text. One that is refused for its characters is not shown: it may be a password.
 * @type {Check<string>}
 */
function text(path, value) {
  if (typeof value !== 'string') throw optionType(path, 'a string', value);
  if (HALF.test(value)) throw optionRange(path, 'a string of whole characters', '(hidden)');
  return value;
}

/**
 * @param {string} path
 * @param {unknown} value
 * @param {string} allowed
 * @param {(value: number) => boolean} fits
 */
function number(path, value, allowed, fits) {
  if (typeof value !== 'number') throw optionType(path, allowed, value);
  if (!fits(value)) throw optionRange(path, allowed, value);
  return value;
}

/**
 * The checks that options name, see lib/contract/options.js.
 * @type {Readonly<Record<import('../contract/options.js').OptionCheck, Check<number | string | readonly string[] |
 * undefined>>>}
 */
const CHECKS = Object.freeze({
  lifetime,
  anyLifetime,
  span,
  limit,
  duration,
  wait,
  endless,
  entries,
  entriesOrNone,
  bound,
  count,
  bytes,
  flag,
  fraction,
  factor,
  policy: oneOf(POLICIES),
  name,
});

module.exports = { CHECKS, bytes, count, endless, entries, entriesOrNone, flag, limit, text, timeout, yes };
