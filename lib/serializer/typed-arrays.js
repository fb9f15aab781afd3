'use strict';
// Typed arrays whose elements take more than a byte. The plain dialect has nothing for them: `msgpackr` writes the low
// bytes of their elements, and after them memory as it happens to be. They are packed as its extension for typed arrays
// instead, which it reads without an option.

/** Whether a part of a value is one, or holds one. */
const isWide = (/** @type {any} */ part) => ArrayBuffer.isView(part) && /** @type {any} */ (part).BYTES_PER_ELEMENT > 1;

/**
 * @param {any} value
 * @returns {boolean}
 */
function holdsWideArray(value) {
  if (value === null || typeof value !== 'object') return false;
  if (ArrayBuffer.isView(value)) return isWide(value);
  return partsOf(value).some(holdsWideArray);
}

/** @param {any} value */
function partsOf(value) {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return [...value];
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return Object.values(value);
}

/**
 * A copy that packs with the extensions of `msgpackr` as the value packs without them, but for wide arrays.
 * @param {any} value
 * @returns {any}
 */
function withoutOtherExtensions(value) {
  if (value === null || typeof value !== 'object' || value instanceof Date || isWide(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(withoutOtherExtensions);
  if (value instanceof Set) return Array.from(value, withoutOtherExtensions);
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, part]) => [withoutOtherExtensions(key), withoutOtherExtensions(part)]));
  }
  if (value instanceof Error) return [value.name, value.message, withoutOtherExtensions(value.cause)];
  if (value instanceof RegExp) return [value.source, value.flags];
  // An object of a class may say itself what it is packed as.
  if (typeof value.toJSON === 'function' && value.constructor !== Object) return withoutOtherExtensions(value.toJSON());
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutOtherExtensions(part)]));
}

module.exports = { holdsWideArray, withoutOtherExtensions };
