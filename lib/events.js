'use strict';
// Event objects, made of the fields that the addon sends.

const { OF_FIELDS } = require('./contract/crossing.js');
const { MESSAGE_KINDS } = require('./contract/words.js');
const { failure, hardTimeout } = require('./errors.js');
const { messageOf } = require('./messages.js');

/**
 * @typedef {import('../types/bus.js').InvalidationEvent} InvalidationEvent
 * @typedef {import('./contract/crossing.js').Reader} Reads
 */

/**
 * The event of a number.
 * @param {number} number
 * @param {unknown[]} fields as they cross
 * @param {readonly unknown[]} values by slot
 * @param {InvalidationEvent | undefined} message the one that is being applied, where it is at hand
 */
function eventOf(number, fields, values, message) {
  return OF_FIELDS[number](new Reader(values, message), ...fields);
}

/**
 * Whether fields are those of a message. Another one may be told of while it is being applied.
 * @param {import('./contract/crossing.js').MessageFields} fields
 * @param {Foreign} message
 */
function isAbout([kind, id, source, , ts], message) {
  const isSame = (message.id || undefined) === id && message.type === MESSAGE_KINDS[kind];
  return isSame && (message.source ?? '') === source && (message.ts ?? 0) === ts;
}

/** @implements {Reads} */
class Reader {
  /**
   * @param {readonly unknown[]} values
   * @param {InvalidationEvent | undefined} applied
   */
  constructor(values, applied) {
    this.values = values;
    this.applied = applied;
  }

  /**
   * @param {number} bits
   * @returns {('L1' | 'L2')[]}
   */
  levels(bits) {
    return [
      ...((bits & 1) === 0 ? [] : [/** @type {const} */ ('L1')]),
      ...((bits & 2) === 0 ? [] : [/** @type {const} */ ('L2')]),
    ];
  }

  /** @param {number | string} cause */
  failure(cause) {
    return typeof cause === 'string' ? failure(cause) : this.values[cause];
  }

  /** @param {number | string | undefined} cause */
  optionalFailure(cause) {
    return cause === undefined ? undefined : /** @type {Error} */ (this.failure(cause));
  }

  /**
   * @param {number} cause
   * @param {EntryKey} key
   */
  loaderFailure(cause, key) {
    return cause < 0 ? hardTimeout(key, -cause) : this.values[cause];
  }

  /** @param {import('./contract/crossing.js').MessageFields} fields */
  message(fields) {
    const { applied } = this;
    return applied !== undefined && isAbout(fields, applied) ? applied : messageOf(fields, this.values);
  }
}

module.exports = { eventOf };
