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

module.exports = { globOf };
