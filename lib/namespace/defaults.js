'use strict';
// Options of calls, laid over defaults.

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
  return merged(/** @type {Foreign} */ (base), /** @type {Foreign} */ (options));
}

/** @param {Given} levels */
function withoutLifetimes(levels) {
  return Object.fromEntries(
    Object.entries(levels ?? {}).map(([level, options]) => [level, { ...options, ttlMs: undefined }]),
  );
}

/**
 * A copy of `base` with the options of `over`.
 * @param {Foreign} base
 * @param {Foreign} over
 * @returns {Foreign}
 */
function merged(base, over) {
  const both = { ...base };
  // Inherited options count too, as where options are read.
  for (const name in over) {
    const value = over[name];
    if (isGiven(value)) both[name] = isGroup(value) ? merged(isGroup(base[name]) ? base[name] : {}, value) : value;
  }
  return both;
}

module.exports = { laidOver };
