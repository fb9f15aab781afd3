'use strict';
// `getMany` without a loader, and `hasMany`.

const { closed } = require('../errors.js');
const { isNoKey, keyText } = require('../keys.js');
const { NOT_HELD, UNKNOWN } = require('../memory/mirror.js');
const { bridge } = require('../raw.js');
const { crossing, existing, iterableKeys } = require('./keys.js');
const { isOverridden } = require('./subject.js');

const { raw } = bridge;

/** @typedef {import('./subject.js').Subject} Subject */

/** Keys that the mirror does not know about: the forms of each, by its text. */
class Unknown {
  constructor() {
    /** @type {Map<string, any[]>} */
    this.forms = new Map();
  }

  /**
   * @param {string} text
   * @param {any} key
   */
  add(text, key) {
    const forms = this.forms.get(text);
    if (forms === undefined) this.forms.set(text, [key]);
    else forms.push(key);
  }

  /** The first form of each. */
  get keys() {
    return Array.from(this.forms.values(), (forms) => forms[0]);
  }

  /**
   * Puts what was found in the places that were kept for it.
   * @param {Map<any, unknown>} values
   * @param {unknown[]} found in the order of the keys
   */
  fill(values, found) {
    let at = 0;
    for (const forms of this.forms.values()) {
      const value = found[at++];
      for (const key of forms) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    }
    return values;
  }
}

/**
 * @param {Subject} subject
 * @param {any} given
 * @returns {Promise<Map<any, unknown>>}
 */
function readMany(subject, given) {
  const { core } = subject;
  const { mirror } = core;
  if (core.closed) throw closed('getMany');
  if (isOverridden(subject, 'get')) return readEach(subject, given);
  const values = new Map();
  /** @type {Unknown | undefined} */
  let unknown;
  for (const key of iterableKeys(given)) {
    if (isNoKey(key) || values.has(key)) continue;
    const text = typeof key === 'string' ? key : keyText(key);
    const value = mirror.take(key, text);
    if (value === undefined) continue;
    // An absent value keeps the place of the key.
    if (value !== UNKNOWN) values.set(key, value);
    else {
      values.set(key, undefined);
      unknown ??= new Unknown();
      unknown.add(core.entryText(key), key);
    }
  }
  if (unknown === undefined) return Promise.resolve(values);
  const left = unknown;
  return askFor(core, left.keys).then((found) => left.fill(values, found));
}

/**
 * The values of keys, in order.
 * @param {import('../core.js').Core} core
 * @param {any[]} keys
 * @returns {Promise<unknown[]>}
 */
function askFor(core, keys) {
  if (core.isCustom) return core.adapter.gathering(() => Promise.all(keys.map((key) => core.get(key))));
  const crossed = keys.map(crossing);
  // A handler of a hit may have closed it.
  if (core.closed) throw closed('getMany');
  return core.answer(raw.getMany(core.target('', undefined), crossed), /** @type {any} */ (crossed));
}

/**
 * @param {Subject} subject
 * @param {any} given
 */
async function readEach({ owner, core }, given) {
  const unknown = new Unknown();
  const values = new Map();
  for (const key of existing(given)) {
    if (values.has(key)) continue;
    values.set(key, undefined);
    unknown.add(core.entryText(key), key);
  }
  const found = await Promise.all(unknown.keys.map((key) => owner.get(key)));
  return unknown.fill(values, found);
}

/**
 * @param {Subject} subject
 * @param {any} given
 * @returns {Promise<Map<any, boolean>>}
 */
async function hasMany(subject, given) {
  const { owner, core } = subject;
  if (core.closed) throw closed('hasMany');
  const has = isOverridden(subject, 'has') ? owner.has.bind(owner) : core.has.bind(core);
  const forms = [...new Set(iterableKeys(given))];
  for (const key of forms) if (!isNoKey(key)) core.entryText(key);
  const ask = () => Promise.all(forms.map((key) => (isNoKey(key) ? NOT_HELD : has(key))));
  const held = await (core.isCustom ? core.adapter.gathering(ask) : ask());
  return new Map(forms.map((key, at) => [key, held[at]]));
}

module.exports = { hasMany, readMany };
