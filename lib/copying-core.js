'use strict';
// The verbs of a cache whose values are copied: it stores copies, and each caller gets one.

const { none } = require('./calls.js');
const { Core } = require('./core.js');
const { copy } = require('./values/copy.js');

/** @param {import('../types/entry.js').EntryResult<any>} entry */
const copyEntry = (entry) => ({ ...entry, value: copy(entry.value) });

class CopyingCore extends Core {
  /**
   * @param {string | number} key
   * @returns {Promise<any>}
   */
  get(key) {
    return super.get(key).then(copy);
  }

  /**
   * @param {string | number} key
   * @param {(context?: any) => any} loader
   * @param {Given} options
   * @returns {Promise<any>}
   */
  getOrSet(key, loader, options) {
    if (typeof loader !== 'function') return super.getOrSet(key, loader, options);
    const answer = none(options) ? this.mirror.getOrSet(key, loader) : undefined;
    // Not by `super`, which asks the mirror as well: it would count the read twice.
    return answer === undefined ? this.load(key, options, loader) : answer.then(copy);
  }

  /**
   * @param {string | number} given
   * @param {import('./options/read.js').OptionRecord | undefined} record
   * @param {(context?: any) => any} loader
   * @returns {Promise<any>}
   */
  loadRead(given, record, loader) {
    return super.loadRead(given, record, loader).then(copy);
  }

  /**
   * @param {string | number} key
   * @returns {any}
   */
  peek(key) {
    return copy(super.peek(key));
  }

  /** @param {string | number} key */
  getEntry(key) {
    return super.getEntry(key).then(copyEntry);
  }
}

module.exports = { CopyingCore };
