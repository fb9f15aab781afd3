'use strict';
// A custom second layer with fewer methods than a cache calls.

const { argument } = require('./errors.js');
const { bridge } = require('./raw.js');

const { raw } = bridge;

const LOCKS = Object.freeze(['acquireLock', 'releaseLock']);
/** Methods that are passed on as they are, where the definition has them. */
const OPTIONAL = Object.freeze([...LOCKS, ...['inspect', 'close', 'getMany', 'setMany', 'deleteMany']]);
/** Methods that are called where the definition has them, and done without by way of others. */
const REPLACED = Object.freeze(['keys', 'has', 'deleteByPattern', 'size']);
/** How many keys of a pattern are deleted at a time. */
const AT_ONCE = 100;

/**
 * A store of a definition. See types/define-store.d.ts.
 * @param {Foreign} definition
 * @returns {any} a store, with the types that the definition has
 */
function defineStore(definition) {
  check(definition);
  const has = (/** @type {string} */ name) => typeof definition[name] === 'function';
  /** @type {Foreign} */
  const store = {
    get: (/** @type {string} */ key) => definition.get(key),
    set: (/** @type {string} */ key, /** @type {unknown} */ value, /** @type {Given} */ options = {}) =>
      definition.set(key, value, options),
    delete: (/** @type {string} */ key) => definition.delete(key),
    has: async (/** @type {string} */ key) =>
      has('has') ? definition.has(key) : (await definition.get(key)) !== undefined,
    deleteByPattern: async (/** @type {string} */ pattern) =>
      has('deleteByPattern') ? definition.deleteByPattern(pattern) : deleteMatching(definition, pattern),
    size: async () => (has('size') ? definition.size() : (await keysOf(definition, '*')).size),
  };
  for (const name of OPTIONAL) {
    if (has(name)) store[name] = (/** @type {any[]} */ ...args) => definition[name](...args);
  }
  return store;
}

/** @param {Foreign} definition */
function check(definition) {
  if (definition === null || typeof definition !== 'object') {
    throw argument('store', 'an object with the methods of a store', definition);
  }
  const lacks = (/** @type {string} */ name) => typeof definition[name] !== 'function';
  const missing = ['get', 'set', 'delete'].find(lacks);
  if (missing !== undefined) throw argument(`store.${missing}`, 'a function', definition[missing]);
  const wrong = [...REPLACED, ...OPTIONAL].find((name) => (definition[name] ?? undefined) !== undefined && lacks(name));
  if (wrong !== undefined) throw argument(`store.${wrong}`, 'a function or left out', definition[wrong]);
  const other = LOCKS.find(lacks);
  const lock = LOCKS.find((name) => !lacks(name));
  if (other !== undefined && lock !== undefined) {
    throw argument(`store.${other}`, `a function, as there is store.${lock}`, definition[other]);
  }
  const unlisted = ['deleteByPattern', 'size'].find(lacks);
  if (unlisted === undefined || !lacks('keys')) return;
  throw argument(`store.${unlisted}`, 'a function, unless there is store.keys', definition[unlisted]);
}

/**
 * @param {Foreign} definition
 * @param {string} pattern
 */
async function deleteMatching(definition, pattern) {
  // All keys are read before the first delete: the iterable may not bear changes.
  const keys = [...(await keysOf(definition, pattern))];
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => definition.delete(key)));
  }
}

/**
 * The keys that match.
 * @param {Foreign} definition
 * @param {string} pattern
 * @returns {Promise<Set<string>>}
 */
async function keysOf(definition, pattern) {
  if (typeof pattern !== 'string') throw argument('pattern', 'a string', pattern);
  const [prefix] = pattern.split(/[*?]/, 1);
  const answer = await definition.keys(prefix);
  if (typeof answer !== 'object' || !(answer?.[Symbol.iterator] || answer?.[Symbol.asyncIterator])) {
    throw argument('the answer of keys', 'an iterable of strings, an asynchronous one, or a promise of one', answer);
  }
  const found = new Set();
  for await (const key of answer) {
    if (typeof key !== 'string') throw argument('a key in the answer of keys', 'a string', key);
    if (raw.matches(pattern, key)) found.add(key);
  }
  return found;
}

module.exports = { defineStore };
