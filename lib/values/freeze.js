'use strict';
// Values that nobody can change.

const { types } = require('node:util');

/** Objects that are frozen with everything in them. */
const frozen = new WeakSet();

/**
 * Freezes a value and everything in it. Bytes cannot be frozen: buffers and typed arrays can still be changed.
 * @template T
 * @param {T} value
 * @returns {T}
 */
function freeze(value) {
  const parts = [/** @type {unknown} */ (value)];
  /** @type {object[]} */
  const begun = [];
  try {
    freezeParts(parts, begun);
  } catch (error) {
    // One cannot be frozen: then those that it is in are not, either.
    for (const part of begun) frozen.delete(part);
    throw error;
  }
  return value;
}

/**
 * @param {unknown[]} parts
 * @param {object[]} begun gets the objects among them
 */
function freezeParts(parts, begun) {
  while (parts.length > 0) {
    const part = parts.pop();
    if (typeof part !== 'object' || part === null || frozen.has(part)) continue;
    // First, as it may contain itself.
    frozen.add(part);
    begun.push(part);
    if (ArrayBuffer.isView(part) || types.isAnyArrayBuffer(part) || types.isProxy(part)) continue;
    freezeOne(part, parts);
  }
}

/**
 * @param {Foreign} object
 * @param {unknown[]} parts gets the values in it
 */
function freezeOne(object, parts) {
  if (types.isMap(object)) Map.prototype.forEach.call(object, (value, key) => parts.push(key, value));
  else if (types.isSet(object)) Set.prototype.forEach.call(object, (value) => parts.push(value));
  const [, methods] = CHANGING.find(([is]) => is(object)) ?? NONE;
  for (const name of methods) refuse(object, name);
  for (const name of Reflect.ownKeys(object)) {
    const own = Object.getOwnPropertyDescriptor(object, name);
    if (own !== undefined && 'value' in own) parts.push(own.value);
  }
  Object.freeze(object);
}

/**
 * The methods that change an object whose contents are not in its fields.
 * @type {readonly (readonly [(value: unknown) => boolean, readonly string[]])[]}
 */
const CHANGING = [
  [types.isMap, ['set', 'delete', 'clear']],
  [types.isSet, ['add', 'delete', 'clear']],
  [types.isDate, Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'))],
];
/** @type {typeof CHANGING[number]} */
const NONE = [() => true, []];

/**
 * The contents of a `Map`, a `Set` or a `Date` are not in fields, so the methods that change them throw.
 * @param {object} object
 * @param {string} name
 */
function refuse(object, name) {
  if (!Object.isExtensible(object)) return;
  const value = () => {
    throw new TypeError(`Cannot call ${name}: the value is shared by a cache with levels.L1.values "frozen"`);
  };
  Object.defineProperty(object, name, { value, enumerable: false });
}

module.exports = { freeze };
