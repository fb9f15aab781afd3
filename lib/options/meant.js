'use strict';
// What is said of a name that is no option: which one is meant by it.

/** @typedef {import('./known.js').KnownOptions} KnownOptions */

/** A name with fewer letters is not taken for another one with a typing error: too many words are near it. */
const LEAST_LETTERS = 5;

/** A name as people remember it: without its unit, in any case. */
const remembered = (/** @type {string} */ name) => name.toLowerCase().replace(/ms$/, '');

/** The name at the end of a path. */
const last = (/** @type {string} */ path) => path.slice(path.lastIndexOf('.') + 1);

/** Of several paths with one name, the likelier comes first. */
const rank = (/** @type {string} */ path) => (!path.includes('.') ? 0 : path.startsWith('levels.') ? 1 : 2);

/**
 * The paths that may be meant, by the names that are remembered, and the names in no group.
 * @type {WeakMap<KnownOptions, { byName: Map<string, string>, names: string[] }>}
 */
const indexes = new WeakMap();

/** @param {KnownOptions} known */
function indexOf(known) {
  const before = indexes.get(known);
  if (before !== undefined) return before;
  const likely = known.paths.filter((path) => !path.endsWith('.enabled')).sort((a, b) => rank(a) - rank(b));
  // The last of a name stays in a map.
  const byName = new Map(likely.reverse().map((path) => [remembered(last(path)), path]));
  const names = [...new Set(known.paths.map((path) => path.split('.', 1)[0]))];
  indexes.set(known, { byName, names });
  return { byName, names };
}

/**
 * @param {KnownOptions} known
 * @param {Record<string, unknown>} options
 * @param {string} group whose options these are
 * @param {string} name in them
 * @returns {string[]} none where the name is no fault
 */
function linesOf(known, options, group, name) {
  // Neither is one that is not given, nor a field of an object of a class, as behind an accessor. No accessor is asked.
  const value = Object.getOwnPropertyDescriptor(options, name)?.value ?? undefined;
  if (value === undefined || !isPlain(options)) return [];
  const advice =
    group === '' ? meantBy(known, options, name) : `${group} takes ${[...(known.groups.get(group) ?? [])].join(', ')}`;
  if (advice === undefined) return [];
  const path = group === '' ? name : `${group}.${name}`;
  return [`option "${path}" of a ${known.owner} is not known and has no effect: ${advice}`];
}

/**
 * @param {KnownOptions} known
 * @param {Record<string, unknown>} options
 * @param {string} name
 */
function meantBy(known, options, name) {
  const { byName, names } = indexOf(known);
  const meant = byName.get(remembered(name)) ?? names.find((other) => isNear(other, name));
  // Who gives that, too, has the other name for something else.
  return meant === undefined || isIn(options, meant) ? undefined : `"${meant}" may be meant`;
}

/** Whether an object is of no class; those of other realms (`vm`, jest) are told by their prototype. */
function isPlain(/** @type {object} */ object) {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * @param {Foreign} options
 * @param {string} path
 */
function isIn(options, path) {
  return path.split('.').reduce((value, name) => value?.[name] ?? undefined, options) !== undefined;
}

/**
 * Whether one letter more, less or changed, or two letters in the other order, make a name of another one. Its first
 * letter is not mistyped: `fetch` is not `xfetch`.
 * @param {string} known
 * @param {string} name
 */
function isNear(known, name) {
  if (Math.min(known.length, name.length) < LEAST_LETTERS || known === name) return false;
  let same = 0;
  while (same < known.length && known[same] === name[same]) same++;
  const rests = (/** @type {number} */ ofKnown, /** @type {number} */ ofName) =>
    known.slice(same + ofKnown) === name.slice(same + ofName);
  const isSwapped = known[same] === name[same + 1] && known[same + 1] === name[same];
  return same > 0 && (rests(1, 1) || rests(1, 0) || rests(0, 1) || (isSwapped && rests(2, 2)));
}

module.exports = { linesOf };
