'use strict';

// Now, and not with a file that comes later: a test may have replaced functions of the platform by then.
void require('./platform.js');

/**
 * Loads a file of this package at its first use: most processes use few of them, and each costs a
 * part of a millisecond when the package is imported.
 * @template T
 * @param {() => T} load
 * @returns {() => T}
 */
function lazy(load) {
  /** @type {T | undefined} */
  let loaded;
  return () => (loaded ??= load());
}

module.exports = { lazy };
