'use strict';
// Values on their way into a memory layer and out of it: by reference, frozen or copied.

const { lazy } = require('../lazy.js');

const copies = lazy(() => require('./copy.js'));
const freezing = lazy(() => require('./freeze.js'));

/** @typedef {{ sharing: import('../options/values.js').Sharing }} Table */

/**
 * A value of a user, as it is stored.
 * @param {Table} table
 * @param {unknown} value
 * @returns {unknown}
 */
function admit({ sharing }, value) {
  if (sharing === 'reference') return value;
  return sharing === 'copy' ? copies().copy(value) : freezing().freeze(value);
}

/**
 * The same for a value that was read from bytes, so that nobody else has it.
 * @param {Table} table
 * @param {unknown} value
 * @returns {unknown}
 */
function adopt({ sharing }, value) {
  return sharing === 'frozen' ? freezing().freeze(value) : value;
}

/**
 * A value for an inspection.
 * @param {Table} table
 * @param {unknown} value
 */
function given({ sharing }, value) {
  return sharing === 'copy' ? copies().copy(value) : value;
}

module.exports = { admit, adopt, given };
