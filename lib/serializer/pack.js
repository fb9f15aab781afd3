'use strict';
// JavaScript values to MessagePack, by the library that defines the dialect.

const { NULL_SENTINEL, PREFIX_BYTES, PREFIXES } = require('../contract/values.js');
const { holdsWideArray, withoutOtherExtensions } = require('./typed-arrays.js');

/** Encode options of msgpackr: the buffer is reused by the next value; `PREFIX_BYTES` are left free in front. */
const REUSED = 1024;
const PREFIXED = 2048 | PREFIX_BYTES;

/** Loaded when the first value is packed: most processes never do. @type {Foreign} */
let packr;
/** With the extensions of the library. @type {Foreign} */
let extended;
/** Whether the value being packed has parts that the library has extensions for, such as typed arrays. */
let isSpecial = false;

function loadPackers() {
  const { Packr, addExtension } = require('./msgpackr.js');
  const { Unpackable, equivalentOf } = require('./foreign.js');
  addExtension({ Class: Unpackable, write: equivalentOf });
  packr = new Packr({ useRecords: false });
  extended = new Packr({ useRecords: false, moreTypes: true });
  // Asked by the library for each such part, and for no other: values without them cost nothing more.
  Object.defineProperty(packr, 'moreTypes', {
    get() {
      isSpecial = true;
      return false;
    },
  });
}

/**
 * @param {unknown} value
 * @param {number} options
 * @returns {Buffer<ArrayBuffer>}
 */
function pack(value, options) {
  if (packr === undefined) loadPackers();
  // Code of the value's own may pack another.
  const outer = isSpecial;
  isSpecial = false;
  try {
    const packed = packr.pack(value === undefined || value === null ? NULL_SENTINEL : value, options);
    return isSpecial && holdsWideArray(value) ? packExtended(value, options) : packed;
  } catch (error) {
    if (isSpecial && holdsWideArray(value)) return packExtended(value, options);
    throw error;
  } finally {
    isSpecial = outer;
  }
}

/**
 * @param {unknown} value
 * @param {number} options
 */
function packExtended(value, options) {
  return extended.pack(withoutOtherExtensions(value), options);
}

/**
 * A value packed, without a prefix. The bytes last until the next value is packed.
 * @param {unknown} value
 * @returns {Buffer}
 */
function packShortly(value) {
  return pack(value, REUSED);
}

/**
 * A value packed, as a payload that is not gzipped.
 * @param {unknown} value
 * @returns {Buffer<ArrayBuffer>}
 */
function packWithPrefix(value) {
  const payload = pack(value, PREFIXED);
  payload.write(PREFIXES[0], 'latin1');
  return payload;
}

/**
 * A value as JSON, as a payload.
 * @param {unknown} value
 * @returns {Buffer<ArrayBuffer>}
 */
function jsonPayload(value) {
  // A value without a text in JSON, such as a function, becomes nothing.
  const text = JSON.stringify(value ?? NULL_SENTINEL) ?? JSON.stringify(NULL_SENTINEL);
  return Buffer.from(PREFIXES[2] + text);
}

/**
 * Bytes of a value packed, with the prefix of its payload. 0 if it cannot be packed.
 * @param {unknown} value
 * @returns {number}
 */
function packedBytes(value) {
  try {
    return packShortly(value).length + PREFIX_BYTES;
  } catch {
    return 0;
  }
}

module.exports = { packShortly, packWithPrefix, jsonPayload, packedBytes };
