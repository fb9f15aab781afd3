'use strict';
// JSON of any value in a cache: a value that JSON lacks is an object with a `$type`.

/**
 * @param {unknown} value
 * @returns {string}
 */
function encode(value) {
  /** The objects that the current one is in: as they are, and as they are shown. @type {[unknown, object][]} */
  const path = [];
  /** @type {(this: object, name: string, value: any) => unknown} */
  const replacer = function (_name, value) {
    // The holder of the value is the innermost open one.
    while (path.length > 0 && path[path.length - 1][1] !== this) path.pop();
    const isCircular = path.some(([original]) => original === value);
    const shown = isCircular ? { $type: 'circular' } : special(plain(value));
    if (typeof shown === 'object' && shown !== null) path.push([value, shown]);
    return shown;
  };
  return JSON.stringify(value, replacer) ?? JSON.stringify({ $type: 'undefined' });
}

/**
 * JSON of a value, or of the reason why it has none.
 * @param {unknown} value
 */
function encodeSafely(value) {
  try {
    return encode(value);
  } catch (error) {
    return JSON.stringify({ $type: 'unreadable', text: describe(error) });
  }
}

/** @param {unknown} error */
function describe(error) {
  try {
    return String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}

/** @param {unknown} value */
function plain(value) {
  switch (typeof value) {
    case 'bigint':
      return { $type: 'bigint', text: String(value) };
    case 'symbol':
      return { $type: 'symbol', text: String(value) };
    case 'function':
      return { $type: 'function', text: value.name };
    case 'number':
      return Number.isFinite(value) ? value : { $type: 'number', text: String(value) };
    default:
      return value;
  }
}

/** @param {unknown} value */
function special(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return { $type: 'Map', entries: [...value] };
  if (value instanceof Set) return { $type: 'Set', values: [...value] };
  if (value instanceof Error) return { $type: 'Error', text: describe(value) };
  if (value instanceof RegExp) return { $type: 'RegExp', text: String(value) };
  if (ArrayBuffer.isView(value)) return bytes(value.constructor?.name ?? 'bytes', value);
  return value;
}

/**
 * @param {string} name
 * @param {ArrayBufferView} view
 */
function bytes(name, view) {
  const base64 = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64');
  return { $type: 'bytes', name, length: view.byteLength, base64 };
}

module.exports = { describe, encode, encodeSafely };
