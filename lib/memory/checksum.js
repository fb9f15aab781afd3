'use strict';
// Checksums of values, by which one that was changed is found.

const { createHash } = require('node:crypto');

const { lazy } = require('../lazy.js');

const packing = lazy(() => require('../serializer/pack.js'));

/**
 * The checksum of a value as it would be stored; undefined for one that cannot be packed.
 * @param {unknown} value
 * @returns {string | undefined}
 */
function checksum(value) {
  try {
    return createHash('sha1').update(packing().packShortly(value)).digest('base64');
  } catch {
    return undefined;
  }
}

module.exports = { checksum };
