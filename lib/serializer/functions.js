'use strict';
// The functions of the serializer that users call. Their code is loaded with the first call.

const { lazy } = require('../lazy.js');

const format = lazy(() => require('./format.js'));
const serializer = lazy(() => require('./serializer.js'));
const sizes = lazy(() => require('./sizes.js'));

/** @param {unknown} value */
function serialize(value) {
  return serializer().serialize(value);
}

/** @param {unknown} value */
function serializeWithStats(value) {
  return serializer().serializeWithStats(value);
}

/**
 * @param {unknown} data
 * @param {{ maxDepth?: number, maxBytes?: number }} [options]
 * @returns {any} a user's value
 */
function deserialize(data, options) {
  return serializer().deserialize(data, options);
}

/**
 * @param {unknown} data
 * @param {{ maxDepth?: number, maxBytes?: number }} [options]
 */
function inspectBuffer(data, options) {
  return serializer().inspectBuffer(data, options);
}

/** @param {unknown} value */
function estimateValueBytes(value) {
  return sizes().estimateValueBytes(value);
}

/**
 * @param {number | Uint8Array} originalBytes
 * @param {number | Uint8Array} storedBytes
 */
function getCompressionSavings(originalBytes, storedBytes) {
  return sizes().getCompressionSavings(originalBytes, storedBytes);
}

/**
 * @param {number | Uint8Array} serializedBytes
 * @param {number | Uint8Array} deserializedBytes
 */
function sizeSavings(serializedBytes, deserializedBytes) {
  return sizes().sizeSavings(serializedBytes, deserializedBytes);
}

/**
 * @param {number | Uint8Array} originalBytes
 * @param {number | Uint8Array} [gzippedBytes]
 */
function shouldGzip(originalBytes, gzippedBytes) {
  return sizes().shouldGzip(originalBytes, gzippedBytes);
}

/**
 * @param {unknown} bytes
 * @param {unknown} [prefix]
 * @returns {boolean}
 */
function hasPrefix(bytes, prefix) {
  return format().hasPrefix(bytes, prefix);
}

/**
 * @param {unknown} bytes
 * @param {unknown} [prefix]
 * @returns {any} a Buffer, of the memory that was given
 */
function stripPrefix(bytes, prefix) {
  return format().stripPrefix(bytes, prefix);
}

module.exports = {
  hasPrefix,
  stripPrefix,
  serialize,
  serializeWithStats,
  deserialize,
  inspectBuffer,
  estimateValueBytes,
  getCompressionSavings,
  sizeSavings,
  shouldGzip,
};
