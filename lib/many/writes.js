'use strict';
// `setMany` and `deleteMany`.

const { argument, closed } = require('../errors.js');
const { DONE } = require('../memory/mirror.js');
const { bridge } = require('../raw.js');
const { crossing, existing, Keys } = require('./keys.js');
const { isOverridden } = require('./subject.js');

const { raw } = bridge;

/** @typedef {import('./subject.js').Subject} Subject */

/**
 * The entries of a `Map`, of pairs, or of an object.
 * @param {Foreign} entries
 * @returns {[any, unknown][]}
 */
function pairsOf(entries) {
  const isObject = typeof entries === 'object' && entries !== null;
  if (!isObject) throw argument('entries', 'a Map, an object, or an array of pairs [key, value]', entries);
  if (typeof entries[Symbol.iterator] !== 'function') return Object.entries(entries);
  return Array.from(/** @type {Iterable<unknown>} */ (entries), (pair, at) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw argument(`entries[${at}]`, 'a pair [key, value]', pair);
    return [pair[0], pair[1]];
  });
}

/**
 * @param {Subject} subject
 * @param {Foreign} given
 * @param {Given} options
 */
async function setMany(subject, given, options) {
  const { owner, core } = subject;
  if (core.closed) throw closed('setMany');
  const pairs = pairsOf(given);
  const record = core.read(options);
  // Nothing is stored if one of the keys cannot be.
  for (const [key] of pairs) core.entryText(key);
  const set = isOverridden(subject, 'set')
    ? (/** @type {EntryKey} */ key, /** @type {unknown} */ value) => owner.set(key, value, options)
    : (/** @type {EntryKey} */ key, /** @type {unknown} */ value) => core.setRead(key, value, record);
  const setAll = () => Promise.all(pairs.map(([key, value]) => set(key, value)));
  await (core.hands ? core.adapter.gathering(setAll) : setAll());
}

/**
 * @param {Subject} subject
 * @param {Foreign} given
 * @returns {Promise<unknown>}
 */
function deleteMany(subject, given) {
  const { owner, core } = subject;
  if (core.closed) throw closed('deleteMany');
  const keys = new Keys(existing(given), core.entryText).first;
  if (isOverridden(subject, 'delete')) return Promise.all(keys.map((key) => owner.delete(key)));
  if (keys.length === 0) return DONE;
  for (const key of keys) core.mirror.loads.overtake(key);
  const { text, lengths } = crossing(keys);
  const ask = () => core.answer(raw.deleteMany(core.target('', undefined), text, lengths), undefined);
  return core.hands ? core.adapter.gathering(ask) : ask();
}

module.exports = { deleteMany, pairsOf, setMany };
