'use strict';
// An estimate of the memory that a value takes, for `levels.L1.maxBytes`.

const OBJECT = 24;
const FIELD = 8;
/** Bytes of an object that cannot be looked into. */
const UNKNOWN = 64;
/** Values looked at before the rest is extrapolated: the cost of weighing stays bounded. */
const LOOKS = 10_000;

/**
 * Bytes of a value, at least 8. Shared parts count once; buffers count their bytes.
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
  const parts = new Parts();
  parts.add(value);
  // The value itself has its place in the layer.
  let bytes = -FIELD;
  let looked = 0;
  while (parts.waiting.length > 0 && looked < LOOKS) {
    looked++;
    // Includes the place in the parent, so that the weight of the other parts can be estimated from these.
    bytes += FIELD + weighOne(parts.waiting.pop(), parts);
  }
  const rest = (bytes / looked) * (parts.waiting.length + parts.skipped);
  return Math.min(Math.round(bytes + rest), 0xffff_ffff);
}

/** The values still to be weighed. */
class Parts {
  /** @type {unknown[]} */
  waiting = [];
  /** The number of parts that will not be looked at. */
  skipped = 0;
  /** @type {Set<object>} */
  seen = new Set();

  /** @param {unknown} part */
  add(part) {
    if (this.waiting.length < LOOKS) this.waiting.push(part);
    else this.skipped++;
  }

  /**
   * How many of `count` parts of a whole to add; the others are skipped.
   * @param {number} count
   */
  room(count) {
    const added = Math.min(count, LOOKS);
    this.skipped += count - added;
    return added;
  }
}

/**
 * Bytes of a value without its parts, which are added to the others.
 * @param {unknown} value
 * @param {Parts} parts
 */
function weighOne(value, parts) {
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
  if (value === null || parts.seen.has(value)) return FIELD;
  parts.seen.add(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return OBJECT * 3 + value.byteLength;
  if (Array.isArray(value)) {
    const { length } = value;
    for (let at = 0, end = parts.room(length); at < end; at++) parts.add(value[at]);
  } else if (value instanceof Set) {
    addFirst(parts, value.size, value.values());
  } else if (value instanceof Map) {
    addFirst(parts, value.size, value.keys());
    addFirst(parts, value.size, value.values());
  } else {
    const names = Object.keys(value);
    for (let at = 0, end = parts.room(names.length); at < end; at++) {
      // Getters are not asked.
      parts.add(Object.getOwnPropertyDescriptor(value, names[at])?.value);
    }
  }
  return OBJECT;
}

/**
 * @param {Parts} parts
 * @param {number} count
 * @param {Iterator<unknown>} iterator
 */
function addFirst(parts, count, iterator) {
  for (let left = parts.room(count); left > 0; left--) parts.add(iterator.next().value);
}

module.exports = { weigh };
