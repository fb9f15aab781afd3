'use strict';
// Typed arrays whose elements take more than a byte. The plain dialect has no form for them: `msgpackr` writes the low
// bytes of their elements, and after them arbitrary memory. So they are packed as its extension for typed arrays, which
// it reads without an option.

const { types } = require('node:util');

/** Those that the library has an extension for. */
const WIDE = new Set([
  ...['Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
]);

/** Whether a part of a value is one. */
const isWide = (/** @type {unknown} */ part) =>
  ArrayBuffer.isView(part) && /** @type {Foreign} */ (part).BYTES_PER_ELEMENT > 1;

/**
 * @param {unknown} value
 * @returns {boolean}
 */
function holdsWideArray(value) {
  if (value === null || typeof value !== 'object') return false;
  if (ArrayBuffer.isView(value)) return isWide(value);
  return partsOf(value).some(holdsWideArray);
}

/** The parts of a value that are packed. @param {object} value */
function partsOf(value) {
  if (Array.isArray(value)) return value;
  if (types.isSet(value)) return [...value];
  if (types.isMap(value)) return [...value.keys(), ...value.values()];
  if (types.isNativeError(value)) return [value.cause];
  return packsItself(value) ? [/** @type {Foreign} */ (value).toJSON()] : Object.values(value);
}

/** Whether an object of a class chooses how it is packed. @param {Foreign} object */
const packsItself = (object) => typeof object.toJSON === 'function' && object.constructor !== Object;

/**
 * A wide array of the class that the library knows. Throws if it knows none.
 * @param {Foreign} array
 */
function known(array) {
  const kind = Object.prototype.toString.call(array).slice(8, -1);
  if (!WIDE.has(kind)) throw new TypeError(`an object of the kind ${kind} has no bytes`);
  if (array.constructor.name === kind) return array;
  return new /** @type {Foreign} */ (globalThis)[kind](array.buffer, array.byteOffset, array.length);
}

/**
 * A copy of a value. Except for wide arrays, it packs with the extensions of `msgpackr` as the value does without them.
 * @param {unknown} value
 * @returns {unknown}
 */
function withoutOtherExtensions(value) {
  if (value === null || typeof value !== 'object' || types.isDate(value)) return value;
  if (isWide(value)) return known(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(withoutOtherExtensions);
  if (types.isSet(value)) return Array.from(value, withoutOtherExtensions);
  if (types.isMap(value)) {
    return new Map(Array.from(value, ([key, part]) => [withoutOtherExtensions(key), withoutOtherExtensions(part)]));
  }
  if (types.isNativeError(value)) return [value.name, value.message, withoutOtherExtensions(value.cause)];
  if (types.isRegExp(value)) return [value.source, value.flags];
  if (packsItself(value)) return withoutOtherExtensions(/** @type {Foreign} */ (value).toJSON());
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutOtherExtensions(part)]));
}

module.exports = { holdsWideArray, withoutOtherExtensions };
