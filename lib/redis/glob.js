'use strict';
// Patterns of keys: `*` is any run of characters, `?` is one, all others stand for themselves.

/**
 * The pattern as Redis matches it. Its `?` is one byte and ours one character, so it finds more than is asked for.
 * @param {string} prefix
 * @param {string} pattern
 * @returns {string}
 */
function globOf(prefix, pattern) {
  const literal = (/** @type {string} */ text) => text.replace(/[*?[\]\\]/g, '\\$&');
  const wild = pattern.split(/[*?]+/).map(literal).join('*');
  return literal(prefix) + wild;
}

/**
 * Whether a pattern matches a text. A `*` that was passed is never tried again once a later one was reached, so the
 * time is bounded by the product of the lengths.
 * @param {string} pattern
 * @param {string} text
 * @returns {boolean}
 */
function matches(pattern, text) {
  const [wanted, given] = [[...pattern], [...text]];
  let [at, from, star, tried] = [0, 0, -1, 0];
  while (from < given.length) {
    if (wanted[at] === '*') {
      star = at++;
      tried = from;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[from])) {
      at++;
      from++;
    } else if (star >= 0) {
      at = star + 1;
      from = ++tried;
    } else {
      return false;
    }
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}

module.exports = { globOf, matches };
