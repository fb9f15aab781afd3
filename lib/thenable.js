'use strict';
// Promises, and other values that count as such.

/** @param {unknown} value */
function isThenable(value) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return value instanceof Promise || typeof (/** @type {Foreign} */ (value).then) === 'function';
}

/**
 * Nobody waits for it: a rejection is no unhandled one.
 * @param {unknown} thenable
 */
function forget(thenable) {
  Promise.resolve(thenable).catch(() => {});
}

module.exports = { forget, isThenable };
