'use strict';
// `getMany` without a loader, and `hasMany`.

const { closed } = require('../errors.js');
const { isNoKey } = require('../keys.js');
const { DONE, NOT_HELD } = require('../memory/mirror.js');
const { bridge } = require('../raw.js');
const { crossing, existing, iterableKeys } = require('./keys.js');
const { lookUp, Unknown } = require('./look-up.js');
const { isOverridden } = require('./subject.js');

const { raw } = bridge;

/** @typedef {import('./subject.js').Subject} Subject */

/**
 * @param {Subject} subject
 * @param {Foreign} given
 * @returns {Promise<Map<any, unknown>>}
 */
function readMany(subject, given) {
  const { core } = subject;
  if (core.closed) throw closed('getMany');
  if (isOverridden(subject, 'get')) return readEach(subject, given);
  const { values, unknown } = lookUp(core, iterableKeys(given), isNoKey);
  if (unknown === undefined) return Promise.resolve(values);
  return askFor(core, unknown.keys).then((found) => unknown.place(values, found));
}

/**
 * The values of keys, in order.
 * @param {import('../core.js').Core} core
 * @param {any[]} keys
 * @returns {Promise<unknown[]>}
 */
function askFor(core, keys) {
  if (core.hands) return core.adapter.gathering(() => Promise.all(keys.map((key) => core.look(raw.get, key, DONE))));
  const { text, lengths } = crossing(keys);
  // A handler of a hit may have closed it.
  if (core.closed) throw closed('getMany');
  return core.answer(
    raw.getMany(core.target('', undefined), text, lengths),
    /** @type {any} all keys of the call */ (keys),
  );
}

/**
 * @param {Subject} subject
 * @param {Foreign} given
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
  return unknown.place(values, found);
}

/**
 * @param {Subject} subject
 * @param {Foreign} given
 * @returns {Promise<Map<any, boolean>>}
 */
async function hasMany(subject, given) {
  const { owner, core } = subject;
  if (core.closed) throw closed('hasMany');
  const has = isOverridden(subject, 'has') ? owner.has.bind(owner) : core.has.bind(core);
  const forms = [...new Set(iterableKeys(given))];
  for (const key of forms) if (!isNoKey(key)) core.entryText(key);
  const held = await Promise.all(forms.map((key) => (isNoKey(key) ? NOT_HELD : has(key))));
  return new Map(forms.map((key, at) => [key, held[at]]));
}

module.exports = { hasMany, readMany };
