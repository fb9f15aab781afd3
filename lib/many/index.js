'use strict';
// The verbs of several keys.

const { argument } = require('../errors.js');
const { isTraced, tracedMany } = require('../tracing/index.js');
const { lazy } = require('../lazy.js');
const { isThenable } = require('../thenable.js');
const { loadAll } = require('./loads.js');
const { hasMany, readMany } = require('./reads.js');
const { deleteMany, setMany } = require('./writes.js');

/** @typedef {import('./subject.js').Subject} Subject */

const copies = lazy(() => require('../values/copy.js'));

/**
 * @param {Subject} subject
 * @param {Foreign} keys
 * @param {any} loadMany a loader; or options, or nothing: then nothing is loaded
 * @param {Given} options
 */
function getMany(subject, keys, loadMany, options) {
  if (typeof loadMany === 'function') return loadAll(subject, keys, loadMany, options);
  const isNone = loadMany === undefined || loadMany === null;
  if (!isNone && (!isOptions(loadMany) || options !== undefined)) throw argument('loadMany', 'a function', loadMany);
  return readMany(subject, keys);
}

/** Whether a value in the place of a loader may be options: lists of values and promises of a loader are not. */
const isOptions = (/** @type {Foreign} */ value) =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof Map) && !isThenable(value);

/**
 * `getMany` of a cache that gives each caller copies.
 * @param {Subject} subject
 * @param {Foreign} keys
 * @param {any} loadMany
 * @param {Given} options
 */
async function getCopies(subject, keys, loadMany, options) {
  try {
    return copies().copyValues(await getMany(subject, keys, loadMany, options));
  } catch (error) {
    const { partial } = /** @type {Foreign} */ (error ?? {});
    if (partial instanceof Map) copies().copyValues(partial);
    throw error;
  }
}

/**
 * @param {Subject} subject
 * @param {Foreign} keys
 * @param {any} loadMany
 * @param {Given} options
 */
function getManyShared(subject, keys, loadMany, options) {
  const get = subject.core.table.sharing === 'copy' ? getCopies : getMany;
  return get(subject, keys, loadMany, options);
}

const VERBS = { getMany: getManyShared, setMany, hasMany, deleteMany };

/**
 * Runs a verb of several keys.
 * @param {keyof typeof VERBS} verb
 * @param {Subject} subject
 * @param {any[]} args
 * @param {(loader: Foreign) => Foreign} [wrap] makes a loader a traced one
 * @returns {Promise<any>}
 */
function run(verb, subject, [first, second, third], wrap) {
  try {
    return /** @type {Foreign} */ (VERBS)[verb](subject, first, wrap === undefined ? second : wrap(second), third);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Calls a verb of several keys.
 * @param {keyof typeof VERBS} verb
 * @param {Subject} subject
 * @param {any[]} args
 * @returns {Promise<any>}
 */
function callMany(verb, subject, args) {
  if (!isTraced()) return run(verb, subject, args);
  return tracedMany(subject.core, verb, (wrap) => run(verb, subject, args, wrap));
}

module.exports = { callMany };
