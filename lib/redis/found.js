'use strict';
// What a store of ours answers a cache beside values.

/** A value that was found, and how long it still lives. */
class Found {
  /**
   * @param {any} value
   * @param {number} leftMs milliseconds; Infinity for a value that does not expire
   */
  constructor(value, leftMs) {
    this.value = value;
    this.leftMs = leftMs;
  }
}

/** Thrown for a record that cannot be read: the store answered, so it is not the store that failed. */
class Unreadable extends Error {}

module.exports = { Found, Unreadable };
