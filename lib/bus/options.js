'use strict';
// Options that all buses share, and how such options are checked.

const { RETRY_QUEUE } = require('../contract/described.js');
const { optionRange, optionType } = require('../errors.js');
const { Logger } = require('../logger.js');
const { entriesOrNone, flag, text } = require('../options/checks.js');
const { pathsOf } = require('../options/defaults.js');
const { KnownOptions } = require('../options/known.js');
const { mustBeObject, readLogging } = require('../options/read.js');

/** The paths of the options that all buses have. */
const SHARED = pathsOf({ retryQueue: RETRY_QUEUE });
const OF_LOGS = ['logging.env', 'logging.enabled'];
/** Their groups: what is in them is never meant by an option of a transport of a user's making. */
const GROUPS = ['retryQueue', 'logging'];

/**
 * An option, or its default where it is not given.
 * @template T
 * @param {Given} options
 * @param {string} path
 * @param {(path: string, value: any) => T} check
 * @param {T} fallback
 * @returns {T}
 */
function read(options, path, check, fallback) {
  const value = options?.[path.slice(path.lastIndexOf('.') + 1)] ?? undefined;
  return value === undefined ? fallback : check(path, value);
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {boolean}
 */
function yes(path, value) {
  return flag(path, value) === 1;
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {string}
 */
function name(path, value) {
  const given = text(path, value);
  if (given === '') throw optionRange(path, 'a string that is not empty', value);
  return given;
}

/**
 * One of some words.
 * @param {readonly string[]} words
 */
function oneOf(...words) {
  const allowed = `one of ${words.map((word) => `"${word}"`).join(', ')}`;
  return (/** @type {string} */ path, /** @type {unknown} */ value) => {
    if (typeof value !== 'string') throw optionType(path, allowed, value);
    if (!words.includes(value)) throw optionRange(path, allowed, value);
    return value;
  };
}

/**
 * An integer in a range.
 * @param {number} least
 * @param {number} most
 */
function integer(least, most) {
  return (/** @type {string} */ path, /** @type {unknown} */ value) => {
    const allowed = `an integer from ${least} to ${most}`;
    if (typeof value !== 'number') throw optionType(path, allowed, value);
    if (!Number.isInteger(value) || value < least || value > most) throw optionRange(path, allowed, value);
    return value;
  };
}

/**
 * How many events wait at most, 0 for none. Infinity is as many as can be counted.
 * @param {string} path
 * @param {unknown} value
 */
function queueSize(path, value) {
  return Math.min(entriesOrNone(path, value), Number.MAX_SAFE_INTEGER);
}

/**
 * The options that all buses have.
 * @param {Given} options of any bus
 * @param {readonly string[]} [own] the paths of its others; undefined where these are of a user's making
 */
function readShared(options, own) {
  mustBeObject('options', options);
  mustBeObject('retryQueue', options?.retryQueue);
  const logger = new Logger(readLogging(options?.logging));
  const meant = own === undefined ? GROUPS : [...GROUPS, ...own, ...SHARED];
  new KnownOptions('bus', meant, [...SHARED, ...OF_LOGS]).tell(logger, options);
  const { retryQueue } = options ?? {};
  const enabled = read(retryQueue, 'retryQueue.enabled', yes, RETRY_QUEUE.enabled);
  const maxSize = read(retryQueue, 'retryQueue.maxSize', queueSize, RETRY_QUEUE.maxSize);
  return {
    // A queue for no messages is off: no message that it promised to keep is lost.
    retryQueue: { enabled: enabled && maxSize > 0, maxSize },
    logger,
  };
}

module.exports = { read, yes, text, name, oneOf, integer, readShared };
