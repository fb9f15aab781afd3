'use strict';
// Values to bytes as they are stored, and back.

const { FORM } = require('../contract/codes.js');
const { FORM_BITS } = require('../contract/numbers.js');
const { ENCODINGS } = require('../contract/words.js');
const {
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_DEPTH,
  GZIP_MIN_BYTES,
  NULL_SENTINEL,
  PREFIX_BYTES,
} = require('../contract/values.js');
const { argument, failure, optionRange, optionType } = require('../errors.js');
const { bridge } = require('../raw.js');
const { asBuffer, encodingOf, writesJson } = require('./format.js');
const { jsonPayload, packWithPrefix } = require('./pack.js');
const { savedShare } = require('./sizes.js');
const { unpack } = require('./unpack.js');

const { raw, transfer } = bridge;

/** How much reading a value may take. */
const DEFAULT_LIMITS = Object.freeze({ maxDepth: DEFAULT_MAX_DEPTH, maxBytes: DEFAULT_MAX_BYTES });

/**
 * The limits of reading: levels of nesting, and bytes once inflated.
 * @param {Given} options
 * @param {string} [path] of the options
 * @returns {{ maxDepth: number, maxBytes: number }}
 */
function readLimits(options, path = '') {
  return {
    maxDepth: readLimit(`${path}maxDepth`, options?.maxDepth ?? DEFAULT_LIMITS.maxDepth),
    maxBytes: readLimit(`${path}maxBytes`, options?.maxBytes ?? DEFAULT_LIMITS.maxBytes),
  };
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {number}
 */
function readLimit(path, value) {
  if (typeof value !== 'number') throw optionType(path, 'a positive integer', value);
  if (!Number.isSafeInteger(value) || value < 1) throw optionRange(path, 'a positive integer', value);
  return value;
}

/**
 * The payload of a value. Throws the error of packing if it cannot be packed (a getter that throws, say).
 * @param {unknown} value
 * @returns {Buffer<ArrayBuffer>}
 */
function serialize(value) {
  return serializeWithStats(value).buffer;
}

/**
 * The payload of a value, and its sizes.
 * @param {unknown} value
 */
function serializeWithStats(value) {
  if (writesJson()) {
    const buffer = jsonPayload(value);
    return stats(buffer, 'json', buffer.length - PREFIX_BYTES);
  }
  const payload = packWithPrefix(value);
  const originalBytes = payload.length - PREFIX_BYTES;
  if (originalBytes < GZIP_MIN_BYTES) return stats(payload, 'msgpack', originalBytes);
  const sealed = raw.seal(payload.subarray(PREFIX_BYTES));
  const gzipped = transfer[0] === 1;
  transfer[0] = 0;
  if (sealed === undefined) throw failure(`a value of ${originalBytes} bytes is too large to be stored`);
  return stats(sealed, gzipped ? 'msgpack-gzip' : 'msgpack', originalBytes);
}

/**
 * @param {Buffer<ArrayBuffer>} buffer
 * @param {'msgpack' | 'msgpack-gzip' | 'json'} encoding
 * @param {number} originalBytes
 */
function stats(buffer, encoding, originalBytes) {
  const storedBytes = buffer.length;
  const compressed = encoding === 'msgpack-gzip';
  const compressionRatio = compressed ? savedShare(originalBytes, storedBytes) : 0;
  return { buffer, encoding, originalBytes, storedBytes, compressionRatio, compressed };
}

/**
 * The value in a payload. Throws an Error that says why it cannot be read.
 * @param {Buffer} payload
 * @param {{ maxDepth: number, maxBytes: number }} limits
 * @returns {{ encoding: import('../../types/payloads.js').BufferInspection['encoding'], value: any }}
 */
function open(payload, { maxDepth, maxBytes }) {
  const opened = raw.open(payload, maxDepth, maxBytes);
  if (typeof opened === 'string') throw failure(`the bytes cannot be read: ${opened}`);
  const form = transfer[0] % FORM_BITS.FORMS;
  const encoding = ENCODINGS[Math.trunc(transfer[0] / FORM_BITS.FORMS)];
  transfer[0] = 0;
  return { encoding, value: unpack(form, opened) };
}

/**
 * The value of a payload, or of bytes or text that were stored without a prefix. `null` for bytes that cannot be read;
 * anything but bytes and text is a value already.
 * @param {unknown} data
 * @param {{ maxDepth?: number, maxBytes?: number }} [options]
 * @returns {unknown}
 */
function deserialize(data, options) {
  const limits = readLimits(options);
  if (data === undefined || data === null) return null;
  if (typeof data === 'string') return fromText(data);
  const payload = asBuffer(data);
  if (payload === undefined) return data;
  try {
    return open(payload, limits).value;
  } catch {
    return null;
  }
}

/** @param {string} text */
function fromText(text) {
  if (text === NULL_SENTINEL) return null;
  try {
    return unpack(FORM.JSON, Buffer.from(text));
  } catch {
    return text;
  }
}

/**
 * A look at bytes: how they are encoded, their number, and their value; `null` if they cannot be read.
 * @param {unknown} data
 * @param {{ maxDepth?: number, maxBytes?: number }} [options]
 */
function inspectBuffer(data, options) {
  const payload = asBuffer(data);
  if (payload === undefined) throw argument('data', 'a Buffer or a Uint8Array', data);
  const limits = readLimits(options);
  const storedBytes = payload.length;
  try {
    return { storedBytes, ...open(payload, limits) };
  } catch {
    return { encoding: encodingOf(payload), storedBytes, value: null };
  }
}

module.exports = { readLimits, open, serialize, serializeWithStats, deserialize, inspectBuffer };
