'use strict';
// The keys of a call with several keys.

const { argument } = require('../errors.js');
const { isNoKey } = require('../keys.js');
const { bridge } = require('../raw.js');

/**
 * The keys of a call as an iterable.
 * @param {Foreign} keys
 * @returns {Iterable<any>}
 */
function iterableKeys(keys) {
  const isIterable = typeof keys === 'object' && keys !== null && typeof keys[Symbol.iterator] === 'function';
  if (!isIterable) throw argument('keys', 'an array or another iterable of keys', keys);
  return /** @type {any} */ (keys);
}

/** Keys, each entry once. A number and its decimal string are two forms of one key. */
class Keys {
  /**
   * @param {Iterable<any>} given
   * @param {(key: any) => string} entryText the text of a key, if its entry may have that name
   */
  constructor(given, entryText) {
    /** The first form of each key, by its text, in order. @type {Map<string, any>} */
    this.byText = new Map();
    /** The text of each form, in order. @type {Map<any, string>} */
    this.texts = new Map();
    for (const key of given) {
      if (this.texts.has(key)) continue;
      const text = entryText(key);
      this.texts.set(key, text);
      if (!this.byText.has(text)) this.byText.set(text, key);
    }
  }

  /** The first form of each. */
  get first() {
    return [...this.byText.values()];
  }
}

/**
 * The keys under which there may be something: under `undefined` and `null` there is nothing.
 * @param {Foreign} given
 */
const existing = (given) => [...iterableKeys(given)].filter((key) => !isNoKey(key));

/**
 * Keys as the addon takes them: one text, which it reads in one go, and of each its length and whether it is a number.
 * @param {any[]} keys
 */
function crossing(keys) {
  const lengths = bridge.uint32(keys.length);
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at];
    const length = typeof key === 'string' ? key.length : String(key).length;
    lengths[at] = length * 2 + (typeof key === 'number' ? 1 : 0);
  }
  return { text: keys.join(''), lengths };
}

module.exports = { crossing, existing, iterableKeys, Keys };
