'use strict';
// Patterns of keys: `*` is any run of characters, `?` is one, all others stand for themselves.

/**
 * The pattern as Redis matches it. Its `?` is one byte, here it is one character: Redis finds too much.
 * @param {string} prefix
 * @param {string} pattern
 * @returns {string}
 */
function globOf(prefix, pattern) {
  const literal = (/** @type {string} */ text) => text.replace(/[*?[\]\\]/g, '\\$&');
  const wild = pattern.split(/[*?]+/).map(literal).join('*');
  return literal(prefix) + wild;
}

module.exports = { globOf };
