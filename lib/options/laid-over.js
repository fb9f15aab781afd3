'use strict';
// Options as they are now: copied, since the user may change the objects later, and laid over others.

const { groupsOf, isGroup } = require('./groups.js');
const paths = require('./paths.js');

/** The groups of the options of calls. */
const OF_CALL = groupsOf(paths.OF_CALL);

const isGiven = (/** @type {unknown} */ value) => value !== undefined && value !== null;

/**
 * The options of a call over its defaults, which are such a copy themselves. A value that is not an object of options
 * is passed on: the call refuses it.
 * @param {Given} defaults
 * @param {Given} options
 * @returns {Given}
 */
function laidOver(defaults, options) {
  if (!isGiven(options)) return defaults;
  if (!isGiven(defaults) || !isGroup(options)) return options;
  const { levels, ...rest } = /** @type {Foreign} */ (defaults);
  // As between a call and its cache: a `ttlMs` of the call goes before default lifetimes of single layers.
  const isShadowed = isGiven(levels) && isGiven(/** @type {Foreign} */ (options).ttlMs);
  const base = isShadowed ? { ...rest, levels: withoutLifetimes(levels) } : defaults;
  return merged(OF_CALL, /** @type {Foreign} */ (base), /** @type {Foreign} */ (options));
}

/** @param {Foreign} levels */
function withoutLifetimes(levels) {
  return Object.fromEntries(
    Object.entries(levels).map(([level, options]) => [level, { ...options, ttlMs: undefined }]),
  );
}

/**
 * A copy of options. A value that is not an object of options is passed on: the reader refuses it.
 * @template T
 * @param {T} options
 * @param {ReadonlyMap<string, ReadonlySet<string>>} [groups] those of a call without
 * @returns {T}
 */
function copied(options, groups = OF_CALL) {
  return isGroup(options) ? /** @type {any} */ (merged(groups, {}, /** @type {Foreign} */ (options))) : options;
}

/**
 * A copy of `base` with the options of `over`. Inherited ones count too, as where options are read, and so do accessors
 * of classes.
 * @param {ReadonlyMap<string, ReadonlySet<string>>} groups
 * @param {Foreign} base
 * @param {Foreign} over
 * @param {string} [path] of the group
 * @returns {Foreign}
 */
function merged(groups, base, over, path = '') {
  const known = groups.get(path) ?? NONE;
  const both = { ...base };
  const lay = (/** @type {any} */ name) => {
    const value = over[name];
    const inner = path === '' ? name : `${path}.${String(name)}`;
    // What is no option, but for a custom store, stays as it is.
    if (!known.has(name)) keep(both, name, value);
    else if (isGroup(value) && groups.has(inner)) both[name] = merged(groups, groupIn(base, name), value, inner);
    else if (isGiven(value)) both[name] = Array.isArray(value) ? [...value] : value;
  };
  for (const name in over) lay(name);
  for (const symbol of Object.getOwnPropertySymbols(over)) lay(symbol);
  if (Object.getPrototypeOf(over) !== Object.prototype) {
    for (const name of known) if (name in over && !Object.hasOwn(over, name)) lay(name);
  }
  return both;
}

/**
 * @param {Foreign} options
 * @param {string} name
 * @param {unknown} value
 */
function keep(options, name, value) {
  if (value === undefined && name in options) return;
  // An assignment to `__proto__` would set the prototype.
  if (name === '__proto__') Object.defineProperty(options, name, { value, enumerable: true, configurable: true });
  else options[name] = value;
}

/** @type {ReadonlySet<string>} */
const NONE = new Set();

/**
 * @param {Foreign} options
 * @param {string} name
 */
const groupIn = (options, name) => (isGroup(options[name]) ? options[name] : {});

module.exports = { copied, laidOver };
