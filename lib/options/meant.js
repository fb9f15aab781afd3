'use strict';
// Which option is meant by a name that is none.

/** A name with fewer letters is not taken for another one with a typing error: too many words are near it. */
const LEAST_LETTERS = 5;

/** A name as people remember it: without its unit, in any case. */
const remembered = (/** @type {string} */ name) => name.toLowerCase().replace(/ms$/, '');

/** The name at the end of a path. */
const last = (/** @type {string} */ path) => path.slice(path.lastIndexOf('.') + 1);

/** Of several paths with one name, the likelier comes first. */
const rank = (/** @type {string} */ path) => (!path.includes('.') ? 0 : path.startsWith('levels.') ? 1 : 2);

/**
 * @param {import('./known.js').KnownOptions} known
 * @param {string} name
 * @returns {string | undefined}
 */
function meantBy({ groups, paths }, name) {
  const likely = paths.filter((path) => !path.endsWith('.enabled')).sort((a, b) => rank(a) - rank(b));
  const same = likely.find((path) => remembered(last(path)) === remembered(name));
  const meant = same ?? [...(groups.get('') ?? [])].find((known) => isNear(known, name));
  return meant === undefined ? undefined : `"${meant}" may be meant`;
}

/**
 * Whether one letter more, less or changed, or two letters in the other order, make a name of another one.
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
  return rests(1, 1) || rests(1, 0) || rests(0, 1) || (isSwapped && rests(2, 2));
}

module.exports = { meantBy };
