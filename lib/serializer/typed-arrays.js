'use strict';
// Typed arrays whose elements take more than a byte. The plain dialect has no form for them: `msgpackr` writes the low
// bytes of their elements, and after them arbitrary memory. So they are packed as its extension for typed arrays, which
// it reads without an option.

const { types } = require('node:util');

/** Whether a part of a value is one, or holds one. */
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

/** @param {unknown} value */
function partsOf(value) {
  if (Array.isArray(value)) return value;
  if (types.isSet(value)) return [...value];
  if (types.isMap(value)) return [...value.keys(), ...value.values()];
  return Object.values(/** @type {object} */ (value));
}

/**
 * A copy of a value. Except for wide arrays, it packs with the extensions of `msgpackr` as the value does without them.
 * @param {unknown} value
 * @returns {unknown}
 */
function withoutOtherExtensions(value) {
  if (value === null || typeof value !== 'object' || types.isDate(value) || isWide(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(withoutOtherExtensions);
  if (types.isSet(value)) return Array.from(value, withoutOtherExtensions);
  if (types.isMap(value)) {
    return new Map(Array.from(value, ([key, part]) => [withoutOtherExtensions(key), withoutOtherExtensions(part)]));
  }
  if (types.isNativeError(value)) return [value.name, value.message, withoutOtherExtensions(value.cause)];
  if (types.isRegExp(value)) return [value.source, value.flags];
  // An object of a class may choose how it is packed.
  const object = /** @type {Foreign} */ (value);
  if (typeof object.toJSON === 'function' && object.constructor !== Object) {
    return withoutOtherExtensions(object.toJSON());
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutOtherExtensions(part)]));
}

module.exports = { holdsWideArray, withoutOtherExtensions };
