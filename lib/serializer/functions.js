'use strict';
// The functions of the serializer that users call. What they need is loaded with the first call.

const { lazy } = require('../lazy.js');

const serializer = lazy(() => require('./serializer.js'));
const sizes = lazy(() => require('./sizes.js'));

/** @param {any} value */
function serialize(value) {
  return serializer().serialize(value);
}

/** @param {any} value */
function serializeWithStats(value) {
  return serializer().serializeWithStats(value);
}

/**
 * @param {any} data
 * @param {any} [options]
 */
function deserialize(data, options) {
  return serializer().deserialize(data, options);
}

/**
 * @param {any} data
 * @param {any} [options]
 */
function inspectBuffer(data, options) {
  return serializer().inspectBuffer(data, options);
}

/** @param {any} value */
function estimateValueBytes(value) {
  return sizes().estimateValueBytes(value);
}

/**
 * @param {number | Uint8Array} original
 * @param {number | Uint8Array} compressed
 */
function getCompressionSavings(original, compressed) {
  return sizes().getCompressionSavings(original, compressed);
}

/**
 * @param {number | Uint8Array} inMemory
 * @param {number | Uint8Array} stored
 */
function sizeSavings(inMemory, stored) {
  return sizes().sizeSavings(inMemory, stored);
}

/**
 * @param {number | Uint8Array} packed
 * @param {number | Uint8Array} [gzipped]
 */
function shouldGzip(packed, gzipped) {
  return sizes().shouldGzip(packed, gzipped);
}

module.exports = {
  serialize,
  serializeWithStats,
  deserialize,
  inspectBuffer,
  estimateValueBytes,
  getCompressionSavings,
  sizeSavings,
  shouldGzip,
};
