'use strict';
// Keys: strings, or numbers that address the same entry as their decimal string.

const { argument } = require('./errors.js');

/**
 * The text of a key.
 * @param {unknown} key
 * @returns {string}
 */
function keyText(key) {
  if (typeof key === 'string') return key;
  if (typeof key === 'number') return String(key);
  throw argument('key', 'a string or a number', key);
}

module.exports = { keyText };
