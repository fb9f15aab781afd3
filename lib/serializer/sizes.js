'use strict';
// Sizes of values: in memory, packed, compressed.

const { GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD } = require('../contract/values.js');
const { argument } = require('../errors.js');
const { asBuffer } = require('./format.js');

/**
 * A size as a number of bytes, or as an object that has a length.
 * @param {string} name
 * @param {unknown} bytes
 * @returns {number}
 */
function count(name, bytes) {
  const number = typeof bytes === 'number' ? bytes : asBuffer(bytes)?.length;
  if (number === undefined || !(number >= 0)) throw argument(name, 'a number of bytes, or bytes', bytes);
  return number;
}

/**
 * The share that is saved, from 0 to 1: 0.9 when a tenth is left, 0 when nothing is saved or bytes were added.
 * @param {number} before
 * @param {number} after
 * @returns {number}
 */
function savedShare(before, after) {
  return before === 0 ? 0 : Math.max(0, 1 - after / before);
}

/**
 * The share of bytes that compression saves, from 0 to 1.
 * @param {number | Uint8Array} originalBytes
 * @param {number | Uint8Array} storedBytes
 * @returns {number}
 */
function getCompressionSavings(originalBytes, storedBytes) {
  return savedShare(count('originalBytes', originalBytes), count('storedBytes', storedBytes));
}

/**
 * Whether a packed value is stored gzipped: it has at least `GZIP_MIN_BYTES`, and gzip saves at least
 * `GZIP_SAVINGS_THRESHOLD`. Without the second argument that is unknown, and it is not.
 * @param {number | Uint8Array} originalBytes
 * @param {number | Uint8Array} [gzippedBytes]
 * @returns {boolean}
 */
function shouldGzip(originalBytes, gzippedBytes) {
  if (count('originalBytes', originalBytes) < GZIP_MIN_BYTES || gzippedBytes === undefined) return false;
  return (
    savedShare(count('originalBytes', originalBytes), count('gzippedBytes', gzippedBytes)) >= GZIP_SAVINGS_THRESHOLD
  );
}

/**
 * The share that a value takes less where it is stored than as text, from 0 to 1.
 * @param {number | Uint8Array} serializedBytes bytes as they are stored
 * @param {number | Uint8Array} deserializedBytes bytes as text, as `estimateValueBytes` returns them
 * @returns {number}
 */
function sizeSavings(serializedBytes, deserializedBytes) {
  return savedShare(count('deserializedBytes', deserializedBytes), count('serializedBytes', serializedBytes));
}

/**
 * Bytes of a text, or of the JSON of any other value. 0 for nothing, and for values without a text in JSON.
 * @param {unknown} value
 * @returns {number}
 */
function estimateValueBytes(value) {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch {
    // A value that contains itself, a bigint, or code of the value that throws.
    return 0;
  }
}

module.exports = { savedShare, getCompressionSavings, shouldGzip, sizeSavings, estimateValueBytes };
