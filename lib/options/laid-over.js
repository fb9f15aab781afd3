'use strict';
// Options of calls, laid over defaults; and copies of them.

const { OF_CALLS } = require('../contract/options.js');

/** @typedef {Map<string, Known | undefined>} Known the names of options, and the options in those that are groups */

/** The options of calls. Those that do not cross to the addon have no group. @type {Known} */
const KNOWN = new Map(['tags', 'shouldCache', 'partial'].map((name) => [name, undefined]));
for (const { path } of OF_CALLS) {
  const names = path.split('.');
  const last = /** @type {string} */ (names.pop());
  let group = KNOWN;
  for (const name of names) {
    const inner = group.get(name) ?? new Map();
    group.set(name, inner);
    group = inner;
  }
  group.set(last, undefined);
}

/** @param {unknown} value */
const isGroup = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const isGiven = (/** @type {unknown} */ value) => value !== undefined && value !== null;

/**
 * The options of a call over the defaults of its namespace. A value that is not an object of options is passed on: the
 * call refuses it.
 * @param {Given} defaults
 * @param {Given} options
 * @returns {Given}
 */
function laidOver(defaults, options) {
  if (!isGiven(options)) return defaults;
  if (!isGiven(defaults) || !isGroup(options)) return options;
  const { levels, ...rest } = /** @type {Foreign} */ (defaults);
  // As between a call and its cache: a `ttlMs` of the call goes before default lifetimes of single layers.
  const base = isGiven(/** @type {Foreign} */ (options).ttlMs)
    ? { ...rest, levels: withoutLifetimes(levels) }
    : defaults;
  return merged(/** @type {Foreign} */ (base), /** @type {Foreign} */ (options), KNOWN);
}

/** @param {Given} levels */
function withoutLifetimes(levels) {
  return Object.fromEntries(
    Object.entries(levels ?? {}).map(([level, options]) => [level, { ...options, ttlMs: undefined }]),
  );
}

/**
 * A copy of `base` with the options of `over`. Only groups of known options are merged: an object under another name is
 * for a custom store, which gets it as it is.
 * @param {Foreign} base
 * @param {Foreign} over
 * @param {Known} known
 * @returns {Foreign}
 */
function merged(base, over, known) {
  const both = { ...base };
  for (const name of namesIn(over, known)) {
    const value = over[name];
    if (!isGiven(value)) continue;
    const group = known.get(name);
    const isMerged = group !== undefined && isGroup(value);
    both[name] = isMerged ? merged(isGroup(base[name]) ? base[name] : {}, value, group) : value;
  }
  return both;
}

/**
 * The names of options. Inherited ones count too, also getters of a class, as where options are read.
 * @param {Foreign} options
 * @param {Known} known
 */
function namesIn(options, known) {
  const names = new Set(known.keys());
  for (const name in options) names.add(name);
  return names;
}

module.exports = { laidOver };
