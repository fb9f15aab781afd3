'use strict';
// Sizes of values: in memory, packed, compressed.

const { argument } = require('../errors.js');
const { weigh } = require('../weigh.js');
const { GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD, asBuffer } = require('./format.js');

/**
 * Bytes given as a number or as what has so many.
 * @param {string} name
 * @param {any} bytes
 * @returns {number}
 */
function count(name, bytes) {
  const number = typeof bytes === 'number' ? bytes : asBuffer(bytes)?.length;
  if (number === undefined || !(number >= 0)) throw argument(name, 'a number of bytes, or bytes', bytes);
  return number;
}

/**
 * The share of bytes that compression saves: 0.9 when a tenth is left, below 0 when they have become more.
 * @param {number | Uint8Array} original
 * @param {number | Uint8Array} compressed
 * @returns {number}
 */
function getCompressionSavings(original, compressed) {
  const before = count('original', original);
  const after = count('compressed', compressed);
  return before === 0 ? 0 : (before - after) / before;
}

/**
 * Whether a packed value is stored gzipped: it has at least `GZIP_MIN_BYTES`, and gzip saves at least
 * `GZIP_SAVINGS_THRESHOLD`. Without the second argument: whether gzip is tried.
 * @param {number | Uint8Array} packed
 * @param {number | Uint8Array} [gzipped]
 * @returns {boolean}
 */
function shouldGzip(packed, gzipped) {
  if (count('packed', packed) < GZIP_MIN_BYTES) return false;
  return gzipped === undefined || getCompressionSavings(packed, gzipped) >= GZIP_SAVINGS_THRESHOLD;
}

/**
 * The share that a value takes less where it is stored than in memory, from 0 to 1.
 * @param {number | Uint8Array} inMemory bytes in memory, as `estimateValueBytes` gives them
 * @param {number | Uint8Array} stored bytes as they are stored
 * @returns {number}
 */
function sizeSavings(inMemory, stored) {
  return Math.max(0, getCompressionSavings(inMemory, stored));
}

/**
 * An estimate of the memory that a value takes, in bytes.
 * @param {unknown} value
 * @returns {number}
 */
function estimateValueBytes(value) {
  return weigh(value);
}

module.exports = { getCompressionSavings, shouldGzip, sizeSavings, estimateValueBytes };
