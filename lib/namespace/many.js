'use strict';
// The verbs of several keys in a namespace. They call those of its cache, and convert the keys both ways.

const { loadsFailed } = require('../errors.js');
const { trapsOf } = require('../loader-context.js');
const { tellOfOtherKeys, valuesOf } = require('../many/answer.js');
const { iterableKeys } = require('../many/keys.js');
const { pairsOf } = require('../many/writes.js');
const { laidOver } = require('../options/laid-over.js');

/**
 * @typedef {object} Part of a namespace
 * @property {Foreign} cache
 * @property {import('../core.js').Core} core
 * @property {Given} defaults
 * @property {import('../tally.js').Tally} tally
 * @property {(key: unknown) => any} keyIn the key of the cache
 */

/** The keys of a call, and the same in the cache. */
class Names {
  /**
   * @param {Part} part
   * @param {Foreign} keys
   */
  constructor({ keyIn }, keys) {
    /** Each form that was given, and its name. @type {Map<any, any>} */
    this.names = new Map();
    /** The first form of each name. @type {Map<any, any>} */
    this.keys = new Map();
    for (const key of iterableKeys(keys)) {
      const name = keyIn(key);
      this.names.set(key, name);
      if (!this.keys.has(name)) this.keys.set(name, key);
    }
  }

  get all() {
    return [...this.keys.keys()];
  }

  /**
   * By the keys as they were given, in their order.
   * @template T
   * @param {Map<any, T>} byName
   * @returns {Map<any, T>}
   */
  given(byName) {
    const found = new Map();
    for (const [key, name] of this.names) if (byName.has(name)) found.set(key, byName.get(name));
    return found;
  }
}

/**
 * @param {Part} part
 * @param {Foreign} keys
 * @param {unknown} loadMany
 * @param {Given} options
 */
async function getMany(part, keys, loadMany, options) {
  const { cache, defaults, tally } = part;
  const names = new Names(part, keys);
  if (typeof loadMany !== 'function') {
    const found = await cache.getMany(names.all, loadMany, options);
    return names.given(tally.readMany(names.all, found, new Set()));
  }
  const loaded = new Set();
  const load = async (/** @type {any[]} */ missing, /** @type {PassedContext} */ context) => {
    for (const name of missing) loaded.add(name);
    tally.loads(missing.length);
    const items = missing.map((name) => names.keys.get(name));
    // `of` of the context takes the keys of the namespace.
    const traps = trapsOf(context);
    if (traps !== undefined) traps.named = part.keyIn;
    const answer = await loadMany([...items], context);
    const values = valuesOf(answer, items, 'loadMany');
    tellOfOtherKeys(part.core.emitter.logger, answer, items, values);
    return values;
  };
  try {
    const found = await cache.getMany(names.all, load, laidOver(defaults, options));
    return names.given(tally.readMany(names.all, found, loaded));
  } catch (error) {
    const { code, partial } = /** @type {Foreign} */ (error ?? {});
    if (code === 'LOADS_FAILED') tally.readMany(names.all, partial, loaded);
    throw inNamespace(/** @type {Foreign} */ (error), names);
  }
}

/**
 * An error that names the keys of the namespace.
 * @param {Foreign} error
 * @param {Names} names
 */
function inNamespace(error, names) {
  return error?.code === 'LOADS_FAILED' ? loadsFailed(names.given(error.failures), names.given(error.partial)) : error;
}

/**
 * @param {Part} part
 * @param {Foreign} entries
 * @param {Given} options
 */
async function setMany({ cache, defaults, tally, keyIn }, entries, options) {
  const pairs = pairsOf(entries).map(([key, value]) => [keyIn(key), value]);
  await cache.setMany(pairs, laidOver(defaults, options));
  for (const _ of pairs) tally.wrote();
}

/**
 * @param {Part} part
 * @param {Foreign} keys
 */
async function hasMany(part, keys) {
  const names = new Names(part, keys);
  return names.given(await part.cache.hasMany(names.all));
}

/**
 * @param {Part} part
 * @param {Foreign} keys
 */
async function deleteMany(part, keys) {
  const { all } = new Names(part, keys);
  await part.cache.deleteMany(all);
  for (const _ of all) part.tally.deleted();
}

module.exports = { deleteMany, getMany, hasMany, setMany };
