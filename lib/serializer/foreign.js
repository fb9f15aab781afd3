'use strict';
// Parts of values that the library would write as `{}`: objects of another realm, as test runners and `vm` have them,
// bytes behind other views, and objects that cannot be written as bytes.

const { types } = require('node:util');
const { deserialize, serialize } = require('node:v8');

/** The class of all typed arrays that the library knows. */
const TypedArray = Object.getPrototypeOf(Uint8Array);

/** Classes that the library packs by itself, of this realm. @type {Set<unknown>} */
const KNOWN = new Set([Object, Array, Buffer, Uint8Array, Date, Map, Set, Error, RegExp, ArrayBuffer]);

/** Kinds whose equivalent in this realm the library packs, and how it is made. @type {Foreign} */
const EQUIVALENTS = {
  Date: (/** @type {Date} */ date) => new Date(Number(date)),
  Map: (/** @type {Map<any, any>} */ map) => new Map(map),
  Set: (/** @type {Set<any>} */ set) => new Set(set),
  RegExp: (/** @type {RegExp} */ { source, flags }) => [source, flags],
  Error: (/** @type {Error} */ { name, message, cause }) => [name, message, cause],
  DataView: bytesOf,
  ArrayBuffer: (/** @type {ArrayBuffer} */ buffer) => Buffer.from(buffer),
  SharedArrayBuffer: (/** @type {SharedArrayBuffer} */ buffer) => Buffer.from(buffer),
  Number: (/** @type {object} */ boxed) => boxed.valueOf(),
  String: (/** @type {object} */ boxed) => boxed.valueOf(),
  Boolean: (/** @type {object} */ boxed) => boxed.valueOf(),
  BigInt: (/** @type {object} */ boxed) => boxed.valueOf(),
};

/** @type {Readonly<Record<string, (value: unknown) => boolean>>} */
const IS = Object.freeze({
  Date: types.isDate,
  Map: types.isMap,
  Set: types.isSet,
  RegExp: types.isRegExp,
  Error: types.isNativeError,
  DataView: types.isDataView,
  ArrayBuffer: types.isArrayBuffer,
  SharedArrayBuffer: types.isSharedArrayBuffer,
  Number: types.isNumberObject,
  String: types.isStringObject,
  Boolean: types.isBooleanObject,
  BigInt: types.isBigIntObject,
});

/**
 * Kinds that the library packs correctly if they are of this realm, also those of a subclass: not `Map`.
 * @type {Foreign}
 */
const HERE = { Date, Set, RegExp, Error, ArrayBuffer };

/** @param {ArrayBufferView} view */
function bytesOf({ buffer, byteOffset, byteLength }) {
  return Buffer.from(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength);
}

/**
 * The kind of an object, whatever its realm: `Date`, `Map`, … or the tag of its class.
 * @param {object} value
 */
const kindOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** The class of all such parts, for the library. It asks for whatever is no plain object, no array and no `Map`. */
class Unpackable {
  /** @param {Foreign} value */
  static [Symbol.hasInstance](value) {
    if (KNOWN.has(value.constructor)) return false;
    if (typeof value === 'function') return true;
    const kind = kindOf(value);
    if (kind === 'Object') return false;
    const is = IS[kind];
    if (is?.(value)) return HERE[kind] === undefined || !(value instanceof HERE[kind]);
    if (types.isTypedArray(value)) return !(value instanceof TypedArray);
    return isOpaque(value);
  }
}

/**
 * Whether all contents of an object are hidden in it: a promise, a weak map, an iterator, a `Blob`, … .
 * @param {Foreign} value
 */
function isOpaque(value) {
  const isTagged = typeof value[Symbol.toStringTag] === 'string';
  return isTagged && !Array.isArray(value) && typeof value.toJSON !== 'function' && Object.keys(value).length === 0;
}

/**
 * An equivalent of such a part that the library packs. Throws if there is none.
 * @param {Foreign} value
 */
function equivalentOf(value) {
  const kind = typeof value === 'function' ? 'Function' : kindOf(value);
  if (IS[kind]?.(value)) return EQUIVALENTS[kind](value);
  if (types.isTypedArray(value)) return typedArray(value);
  const shown = kind === 'Function' ? `a function (${value.name || 'anonymous'})` : `an object of the kind ${kind}`;
  throw new TypeError(`${shown} has no bytes`);
}

/** @param {any} foreign a typed array of another realm */
function typedArray(foreign) {
  if (foreign.BYTES_PER_ELEMENT === 1) return bytesOf(foreign);
  const here = new /** @type {Foreign} */ (globalThis)[kindOf(foreign)](foreign);
  // A realm of jest has `Uint8Array` of the main realm, and the other classes of its own: the library knows the first.
  return here instanceof TypedArray ? here : deserialize(serialize(foreign));
}

module.exports = { Unpackable, equivalentOf };
