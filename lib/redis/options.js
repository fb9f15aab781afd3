'use strict';
// Options of a store in Redis.

const { STORE } = require('../contract/described.js');
const { optionRange, optionType } = require('../errors.js');
const { count, flag, limit, text } = require('../options/checks.js');
const { pathsOf } = require('../options/defaults.js');
const { KnownOptions } = require('../options/known.js');
const { OF_CACHE, OF_LAYER } = require('../options/paths.js');
const { mustBeObject } = require('../options/read.js');
const { readLimits } = require('../serializer/serializer.js');

/** The options of a store. Some are given the options of a whole cache; those of L1 are never meant. */
const knownOfStores = new KnownOptions(
  'store',
  [
    ...[...pathsOf(STORE), 'limits.maxDepth', 'limits.maxBytes'],
    ...OF_LAYER.filter((path) => !path.startsWith('levels.L1.')),
  ],
  OF_CACHE,
);

/** Stands for no limit where there has to be one. */
const DAY_MS = 86_400_000;

/**
 * The options of the store itself; those of entries, such as `ttlMs`, are read as a cache's.
 * @param {Given} options
 */
function readStoreOptions(options) {
  mustBeObject('options', options);
  mustBeObject('limits', options?.limits);
  /**
   * @param {keyof typeof STORE} name
   * @param {(path: string, value: any) => any} check
   */
  const read = (name, check) => {
    const value = options?.[name] ?? undefined;
    return value === undefined ? STORE[name] : check(name, value);
  };
  const prefix = read('prefix', text);
  return {
    prefix,
    indexKey:
      options?.indexKey === undefined || options.indexKey === null
        ? `${prefix}__index`
        : text('indexKey', options.indexKey),
    useIndex: read('useIndex', (path, value) => flag(path, value) === 1),
    scanCount: read('scanCount', small),
    batchSize: read('batchSize', small),
    deleteStrategy: read('deleteStrategy', strategy),
    commandTimeoutMs: read('commandTimeoutMs', time),
    connectTimeoutMs: read('connectTimeoutMs', time),
    longestLoadMs: read('longestLoadMs', longestLoad),
    tracking: read('tracking', (path, value) => flag(path, value) === 1),
    limits: readLimits(options?.limits, 'limits.'),
  };
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {number}
 */
function small(path, value) {
  const number = count(path, value);
  if (number > 0xffff_ffff) throw optionRange(path, 'a positive integer below 2^32', value);
  return number;
}

/**
 * The time for which marks of invalidations are kept. Values above a day are refused: they would be cut to a day
 * silently.
 * @param {string} path
 * @param {unknown} value
 * @returns {number}
 */
function longestLoad(path, value) {
  const allowed = `a number of milliseconds from 0 to ${DAY_MS} (0 and Infinity: a day)`;
  if (typeof value !== 'number') throw optionType(path, allowed, value);
  if (value === 0 || value === Infinity) return DAY_MS;
  if (!(value > 0 && value <= DAY_MS)) throw optionRange(path, allowed, value);
  return value;
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {number}
 */
function time(path, value) {
  const millis = limit(path, value);
  return millis === 0 || millis > DAY_MS ? DAY_MS : millis;
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {'unlink' | 'del'}
 */
function strategy(path, value) {
  if (typeof value !== 'string') throw optionType(path, 'one of "unlink", "del"', value);
  if (value !== 'unlink' && value !== 'del') throw optionRange(path, 'one of "unlink", "del"', value);
  return value;
}

module.exports = { knownOfStores, readStoreOptions };
