'use strict';
// The format of stored values: a prefix of four bytes and a body, see engine/src/codec.

const { ENCODINGS } = require('../contract/words.js');
const { PREFIX_BYTES, PREFIXES } = require('../contract/values.js');
const { argument } = require('../errors.js');

/**
 * The same bytes as a Buffer; undefined for anything else.
 * @param {unknown} bytes
 * @returns {Buffer | undefined}
 */
function asBuffer(bytes) {
  if (Buffer.isBuffer(bytes)) return bytes;
  if (ArrayBuffer.isView(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes instanceof ArrayBuffer || bytes instanceof SharedArrayBuffer) return Buffer.from(bytes);
  return undefined;
}

/**
 * The encoding by the prefix of a payload.
 * @param {Buffer} payload
 */
function encodingOf(payload) {
  const at = PREFIXES.indexOf(payload.toString('latin1', 0, PREFIX_BYTES));
  return at < 0 ? 'legacy' : ENCODINGS[at];
}

/**
 * The bytes of a prefix that is given: any as bytes, one of the three as text.
 * @param {unknown} prefix
 * @returns {Buffer}
 */
function prefixBytes(prefix) {
  const bytes = asBuffer(prefix);
  if (bytes !== undefined) return bytes;
  if (typeof prefix === 'string' && PREFIXES.includes(prefix)) return Buffer.from(prefix, 'latin1');
  throw argument(
    'prefix',
    `a Buffer, a Uint8Array, or one of ${PREFIXES.map((known) => `"${known}"`).join(', ')}`,
    prefix,
  );
}

/**
 * Whether bytes begin with a prefix: with any of the three, or with the one given.
 * @param {unknown} bytes
 * @param {unknown} [prefix] bytes, or the text of one of the three
 * @returns {boolean}
 */
function hasPrefix(bytes, prefix) {
  const wanted = prefix === undefined ? undefined : prefixBytes(prefix);
  const buffer = asBuffer(bytes);
  if (buffer === undefined) return false;
  if (wanted === undefined) return encodingOf(buffer) !== 'legacy';
  return buffer.length >= wanted.length && wanted.equals(buffer.subarray(0, wanted.length));
}

/**
 * The bytes after the prefix, one of the three or the one given: the same memory, not a copy. All of the bytes without
 * a prefix.
 * @param {unknown} bytes
 * @param {unknown} [prefix] bytes, or the text of one of the three
 * @returns {any} a Buffer, of the memory that was given
 */
function stripPrefix(bytes, prefix) {
  const buffer = asBuffer(bytes);
  if (buffer === undefined) throw argument('bytes', 'a Buffer or a Uint8Array', bytes);
  if (!hasPrefix(buffer, prefix)) return buffer;
  return buffer.subarray(prefix === undefined ? PREFIX_BYTES : prefixBytes(prefix).length);
}

/** Whether values are to be written as JSON. Read each time: that is how it is switched while a process runs. */
function writesJson() {
  const { CACHE_FORMAT, CACHE_DEBUG_SERIALIZATION } = process.env;
  return CACHE_FORMAT === 'json' || CACHE_DEBUG_SERIALIZATION === 'true';
}

module.exports = { asBuffer, encodingOf, hasPrefix, stripPrefix, writesJson };
