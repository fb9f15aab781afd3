'use strict';
// Keys whose loaders did not want their values to be stored. The engine leads their loads, which nobody joins.

const { entryKey } = require('./loads.js');

/** The most keys. The engine remembers as many. */
const MOST = 10_000;

class Uncacheable {
  constructor() {
    /** Until when each of them is. @type {Map<EntryKey, number>} */
    this.until = new Map();
  }

  /**
   * @param {EntryKey} key
   * @param {number} until
   */
  add(key, until) {
    const text = entryKey(key);
    // The newest comes last.
    this.until.delete(text);
    this.until.set(text, until);
    if (this.until.size <= MOST) return;
    for (const oldest of this.until.keys()) {
      this.until.delete(oldest);
      return;
    }
  }

  /**
   * @param {EntryKey} key
   * @param {number} now
   */
  has(key, now) {
    if (this.until.size === 0) return false;
    const text = entryKey(key);
    const until = this.until.get(text);
    if (until === undefined) return false;
    if (until > now) return true;
    this.until.delete(text);
    return false;
  }
}

module.exports = { Uncacheable };
