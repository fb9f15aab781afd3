'use strict';
// An estimate of the memory that a value takes, for `levels.L1.maxBytes`.

const OBJECT = 24;
const FIELD = 8;
/** Bytes of what cannot be looked into. */
const UNKNOWN = 64;
/** Values looked at before the rest is extrapolated: the cost of weighing stays bounded. */
const LOOKS = 10_000;

/**
 * Bytes of a value, at least 8. Shared parts count once; buffers count what they hold.
 * @param {unknown} value
 * @returns {number}
 */
function weigh(value) {
  try {
    return weighAll(value);
  } catch {
    // A revoked proxy, a getter of a key list that throws: it is held by reference all the same.
    return UNKNOWN;
  }
}

/** @param {unknown} value */
function weighAll(value) {
  const seen = new Set();
  const waiting = [value];
  let bytes = 0;
  let looked = 0;
  while (waiting.length > 0 && looked < LOOKS) {
    looked++;
    bytes += weighOne(waiting.pop(), seen, waiting);
  }
  const rest = waiting.length === 0 ? 0 : (bytes / looked) * waiting.length;
  return Math.min(Math.round(bytes + rest), 0xffff_ffff);
}

/**
 * @param {any} value
 * @param {Set<object>} seen
 * @param {unknown[]} waiting
 */
function weighOne(value, seen, waiting) {
  switch (typeof value) {
    case 'string':
      return OBJECT + value.length * 2;
    case 'bigint':
      return OBJECT + value.toString(16).length / 2;
    case 'object':
      break;
    default:
      return FIELD;
  }
  if (value === null || seen.has(value)) return FIELD;
  seen.add(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return OBJECT * 3 + value.byteLength;
  if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) waiting.push(item);
    return OBJECT + FIELD * (Array.isArray(value) ? value.length : value.size * 2);
  }
  if (value instanceof Map) {
    for (const [key, item] of value) waiting.push(key, item);
    return OBJECT + FIELD * value.size * 3;
  }
  const names = Object.keys(value);
  for (const name of names) {
    const field = Object.getOwnPropertyDescriptor(value, name);
    if (field && 'value' in field) waiting.push(field.value);
  }
  return OBJECT + FIELD * names.length;
}

module.exports = { weigh };
