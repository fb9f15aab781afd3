'use strict';
// Keys: strings, or numbers and bigints that address the same entry as their decimal string.

const { argument } = require('./errors.js');

/**
 * What to pass instead of something that is no key. As a `String` all objects of a class may be one key, and all ids
 * that are missing.
 * @param {unknown} key
 */
function adviceFor(key) {
  if (isNoKey(key)) return '';
  if (typeof key !== 'object') return ' (of anything else pass String(key))';
  return ' (of an object pass a text of the fields that tell it from others)';
}

/**
 * The text of a key.
 * @param {unknown} key
 * @returns {string}
 */
function keyText(key) {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  throw argument('key', `a string, a number or a bigint${adviceFor(key)}`, key);
}

/**
 * Whether something is no key at all, as an id that is not known yet: nothing is there under it.
 * @param {unknown} key
 */
function isNoKey(key) {
  return key === undefined || key === null;
}

module.exports = { isNoKey, keyText };
