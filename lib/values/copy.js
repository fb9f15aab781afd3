'use strict';
// Deep copies of values, of the same shape, classes and cycles.

const { types } = require('node:util');

/** @typedef {Map<object, object>} Copies the copies made so far, by their originals */

/**
 * A deep copy. Immutable values are not copied, nor are objects without contents to copy: functions, promises, weak
 * collections, shared memory.
 * @template T
 * @param {T} value
 * @returns {T}
 */
function copy(value) {
  return isObject(value) ? /** @type {any} */ (copyObject(value, new Map())) : value;
}

/** @param {unknown} value @returns {value is object} */
const isObject = (value) => typeof value === 'object' && value !== null;

/**
 * @param {unknown} value
 * @param {Copies} copies
 * @returns {any}
 */
function copyPart(value, copies) {
  return isObject(value) ? copyObject(value, copies) : value;
}

/**
 * @param {object} original
 * @param {Copies} copies
 * @returns {object}
 */
function copyObject(original, copies) {
  const known = copies.get(original);
  if (known !== undefined) return known;
  if (Array.isArray(original)) return copyArray(original, copies);
  const prototype = Object.getPrototypeOf(original);
  // Most objects.
  if (prototype === Object.prototype || prototype === null) return copyFields(original, prototype, copies);
  return copyBuiltin(original, copies) ?? copyFields(original, prototype, copies);
}

/**
 * @param {any[]} original
 * @param {Copies} copies
 */
function copyArray(original, copies) {
  const { length } = original;
  const isPlain = Object.getPrototypeOf(original) === Array.prototype;
  // The fields of a plain array are not looked for: that would take longer than to copy its elements.
  if (!isPlain) return copyOwn(original, Reflect.construct(Array, [length], classOf(original, Array)), copies);
  const array = new Array(length);
  copies.set(original, array);
  // Holes stay holes.
  for (let at = 0; at < length; at++) if (at in original) array[at] = copyPart(original[at], copies);
  return array;
}

/**
 * An object of the same class, with copies of the own enumerable fields. The constructor does not run, and private
 * fields are missing.
 * @param {object} original
 * @param {object | null} prototype
 * @param {Copies} copies
 */
function copyFields(original, prototype, copies) {
  return copyOwn(original, prototype === Object.prototype ? {} : Object.create(prototype), copies);
}

/**
 * Copies the own enumerable fields.
 * @template {object} T
 * @param {object} original
 * @param {T} object its copy
 * @param {Copies} copies
 */
function copyOwn(original, object, copies) {
  copies.set(original, object);
  const isPlain = Object.getPrototypeOf(object) === Object.prototype;
  for (const name of Object.keys(original)) {
    const value = copyPart(/** @type {Foreign} */ (original)[name], copies);
    // An assignment to `__proto__` would set the prototype, one to a name that has a getter in the class would throw.
    if (isPlain ? name === '__proto__' : name in object) define(object, name, value);
    else /** @type {Foreign} */ (object)[name] = value;
  }
  return object;
}

/**
 * @param {object} object
 * @param {string} name
 * @param {unknown} value
 */
function define(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * A copy of an object whose contents are not in its fields; undefined for any other.
 * @param {Foreign} original
 * @param {Copies} copies
 * @returns {object | undefined}
 */
function copyBuiltin(original, copies) {
  const made = (/** @type {any} */ Class, /** @type {any[]} */ ...args) =>
    copyOwn(original, Reflect.construct(Class, args, classOf(original, Class)), copies);
  if (types.isDate(original)) return made(Date, original.getTime());
  if (types.isMap(original)) {
    const map = made(Map);
    Map.prototype.forEach.call(original, (value, key) =>
      Map.prototype.set.call(map, copyPart(key, copies), copyPart(value, copies)),
    );
    return map;
  }
  if (types.isSet(original)) {
    const set = made(Set);
    Set.prototype.forEach.call(original, (value) => Set.prototype.add.call(set, copyPart(value, copies)));
    return set;
  }
  if (ArrayBuffer.isView(original)) return copyView(original, copies);
  if (types.isArrayBuffer(original)) return remembered(original, original.slice(0), copies);
  if (types.isNativeError(original)) return copyError(original, copies);
  return isOpaque(original) ? original : undefined;
}

/**
 * @param {object} original
 * @param {any} otherwise
 */
function classOf(original, otherwise) {
  return typeof original.constructor === 'function' ? original.constructor : otherwise;
}

/**
 * @param {object} original
 * @param {object} object
 * @param {Copies} copies
 */
function remembered(original, object, copies) {
  copies.set(original, object);
  return object;
}

/**
 * A view of the same class on bytes of its own. A view on shared memory stays: sharing is its purpose.
 * @param {any} view
 * @param {Copies} copies
 */
function copyView(view, copies) {
  if (types.isSharedArrayBuffer(view.buffer)) return view;
  if (Buffer.isBuffer(view)) return remembered(view, Buffer.from(view), copies);
  if (types.isDataView(view)) {
    const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    return remembered(view, new DataView(bytes), copies);
  }
  return remembered(view, view.slice(), copies);
}

/**
 * @param {Error} error
 * @param {Copies} copies
 */
function copyError(error, copies) {
  const object = Reflect.construct(Error, [], classOf(error, Error));
  copies.set(error, object);
  for (const name of Reflect.ownKeys(error)) {
    const { enumerable } = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(error, name));
    const value = copyPart(/** @type {Foreign} */ (error)[name], copies);
    Object.defineProperty(object, name, { value, writable: true, enumerable, configurable: true });
  }
  return object;
}

/** Whether an object has no contents that could be copied. @param {Foreign} value */
function isOpaque(value) {
  return (
    types.isRegExp(value) ||
    types.isPromise(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isSharedArrayBuffer(value) ||
    types.isBoxedPrimitive(value) ||
    types.isExternal(value)
  );
}

/**
 * Replaces the values of a map by copies.
 * @template T
 * @param {Map<any, T>} values
 */
function copyValues(values) {
  for (const [key, value] of values) values.set(key, copy(value));
  return values;
}

module.exports = { copy, copyValues };
