'use strict';
// The answer to a question about several keys, of a loader or a custom store: a `Map`, an array in the order of the
// keys, or an object.

const { isMap } = require('node:util').types;

const { argument, show } = require('../errors.js');
const { keyText } = require('../keys.js');

/**
 * @param {string} who has answered
 * @param {number} count of keys
 * @param {unknown} answer
 */
function fault(who, count, answer) {
  const allowed = `a Map, an object, or an array of ${count} ${count === 1 ? 'value' : 'values'} in the order of the keys`;
  return argument(`the answer of ${who}`, allowed, answer);
}

/**
 * Values by the texts of their keys. An entry under another type of key answers no question.
 * @param {Map<any, unknown>} answer
 */
function byText(answer) {
  const texts = new Map();
  for (const [key, value] of answer) {
    const isKey = typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint';
    if (isKey) texts.set(keyText(key), value);
  }
  return texts;
}

/**
 * The values for keys, in order; `undefined` where there is none.
 * @param {Foreign} answer
 * @param {any[]} keys
 * @param {string} who has answered
 * @returns {unknown[]}
 */
function valuesOf(answer, keys, who) {
  if (Array.isArray(answer)) {
    if (answer.length !== keys.length) throw fault(who, keys.length, answer);
    return answer;
  }
  if (isMap(answer)) return ofMap(/** @type {Map<any, unknown>} */ (answer), keys);
  if (Object.prototype.toString.call(answer) !== '[object Object]') throw fault(who, keys.length, answer);
  return keys.map((key) => (Object.hasOwn(answer, keyText(key)) ? answer[keyText(key)] : undefined));
}

/**
 * The answer may have a number where the question had its decimal string, and the other way round.
 * @param {Map<any, unknown>} answer
 * @param {any[]} keys
 */
function ofMap(answer, keys) {
  /** @type {Map<string, unknown> | undefined} */
  let texts;
  return keys.map((key) => {
    if (answer.has(key)) return answer.get(key);
    texts ??= byText(answer);
    return texts.get(keyText(key));
  });
}

/**
 * A key of the values in an answer that has none for those that it was asked for: most likely it has them by other
 * keys.
 * @param {Foreign} answer
 * @param {any[]} keys
 */
function otherKeyIn(answer, keys) {
  const others = isMap(answer) ? [.../** @type {Map<any, unknown>} */ (answer).keys()] : Object.keys(answer);
  const asked = new Set(keys.map(keyText));
  // An object is no key.
  return others.some((key) => typeof key !== 'object' && asked.has(String(key))) ? undefined : others[0];
}

/**
 * Tells once of a loader that answers with other keys alone. An answer whose own code fails is not told: a warning must
 * not end what it is about.
 * @param {import('../logger.js').Logger} logger
 * @param {Foreign} answer
 * @param {any[]} keys
 * @param {unknown[]} values what the answer has for the keys
 */
function tellOfOtherKeys(logger, answer, keys, values) {
  if (Array.isArray(answer) || !logger.mayWarnOnce('loadMany') || values.some((value) => value !== undefined)) return;
  try {
    const other = otherKeyIn(answer, keys);
    if (other === undefined) return;
    const text = `loadMany was asked for ${show(keys[0])} and has answered with other keys alone, such as`;
    logger.warnOnce(`${text} ${show(other)}: a Map or an object must have the values by the keys`, 'loadMany');
  } catch {
    // It cannot be listed.
  }
}

module.exports = { tellOfOtherKeys, valuesOf };
