'use strict';
// Encryption, from options in the form of Node.js.

const { optionRange, optionType } = require('../errors.js');
const { text } = require('../options/checks.js');

/** The options of `tls.connect()` that the addon's connections support. */
const KNOWN = Object.freeze(['ca', 'cert', 'key', 'rejectUnauthorized']);

/**
 * Encryption for drivers/src/redis/address.rs; undefined for none. Throws for unsupported options.
 * @param {string} path
 * @param {Given | boolean} tls
 */
function readTls(path, tls) {
  if (tls === undefined || tls === null || tls === false) return undefined;
  if (tls === true) return readVerifying(undefined);
  if (typeof tls !== 'object') throw optionType(path, `an object with ${KNOWN.join(', ')}`, tls);
  const unknown = Object.keys(tls).find((name) => !KNOWN.includes(name) && tls[name] !== undefined);
  if (unknown !== undefined) {
    throw optionRange(`${path}.${unknown}`, `left out: there are ${KNOWN.join(', ')}`, tls[unknown]);
  }
  /** @type {Record<string, string | boolean>} */
  const read = readVerifying(tls.rejectUnauthorized);
  for (const name of ['ca', 'cert', 'key']) {
    if (tls[name] !== undefined) read[name] = readPem(`${path}.${name}`, tls[name]);
  }
  return read;
}

/**
 * Whether certificates are verified: `NODE_TLS_REJECT_UNAUTHORIZED` can switch that off.
 * @param {unknown} given
 * @returns {{ insecure?: boolean }}
 */
function readVerifying(given) {
  const isOff = given === false || (given === undefined && process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0');
  return isOff ? { insecure: true } : {};
}

/**
 * @param {string} path
 * @param {unknown} value
 * @returns {string}
 */
function readPem(path, value) {
  if (Array.isArray(value)) return value.map((one) => readPem(path, one)).join('\n');
  const pem = ArrayBuffer.isView(value) ? Buffer.from(/** @type {Uint8Array} */ (value)).toString() : value;
  if (typeof pem !== 'string') throw optionType(path, 'PEM: a string, a Buffer or an array of them', value);
  return text(path, pem);
}

module.exports = { KNOWN, readTls };
