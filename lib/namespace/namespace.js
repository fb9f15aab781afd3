'use strict';
// Namespaces: the verbs of a cache on the keys `name:…`.

const { argument } = require('../errors.js');
const { hide } = require('../hidden.js');
const { isNoKey, keyText } = require('../keys.js');
const { lazy } = require('../lazy.js');
const { copied, laidOver } = require('../options/laid-over.js');
const { readCallOptions } = require('../options/read.js');
const { sizeMatching } = require('./size.js');
const { Tally } = require('../tally.js');

const many = lazy(() => require('./many.js'));

const SEPARATOR = ':';
/** The symbol of Node.js for the text that `console.log` shows. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const STATE = Symbol('state');

/**
 * @typedef {object} State
 * @property {Foreign} cache whose methods are called, those of a subclass too
 * @property {import('../core.js').Core} core
 * @property {string} prefix of the keys
 * @property {Given} defaults options of calls
 * @property {Tally} tally
 */

/** @param {Foreign} namespace @returns {State} */
const stateOf = (namespace) => namespace[STATE];

// Keys, loaders and patterns are not checked here: the cache checks them.
class Namespace {
  /** @param {State} state */
  constructor(state) {
    hide(this, STATE, state);
  }

  get name() {
    return stateOf(this).prefix.slice(0, -SEPARATOR.length);
  }

  get(/** @type {EntryKey} */ key) {
    const { cache, tally } = stateOf(this);
    return named(this, key, (text) => cache.get(text).then(tally.read));
  }

  getEntry(/** @type {EntryKey} */ key) {
    const { cache, tally } = stateOf(this);
    return named(this, key, (text) => cache.getEntry(text).then(tally.readEntry));
  }

  peek(/** @type {EntryKey} */ key) {
    return stateOf(this).cache.peek(keyIn(this, key));
  }

  set(/** @type {EntryKey} */ key, /** @type {unknown} */ value, /** @type {Given} */ options) {
    const { cache, defaults, tally } = stateOf(this);
    return named(this, key, (text) => cache.set(text, value, laidOver(defaults, options)).then(tally.wrote));
  }

  getOrSet(/** @type {EntryKey} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    const { cache, defaults, tally } = stateOf(this);
    const load = tally.loading(loader);
    return named(this, key, (text) => cache.getOrSet(text, load.loader, laidOver(defaults, options)).then(load.read));
  }

  getOrSetEntry(/** @type {EntryKey} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    const { cache, defaults, tally } = stateOf(this);
    const load = tally.loading(loader);
    return named(this, key, (text) =>
      cache.getOrSetEntry(text, load.loader, laidOver(defaults, options)).then(load.readEntry),
    );
  }

  has(/** @type {EntryKey} */ key) {
    return named(this, key, (text) => stateOf(this).cache.has(text));
  }

  delete(/** @type {EntryKey} */ key) {
    const { cache, tally } = stateOf(this);
    return named(this, key, (text) => cache.delete(text).then(tally.deleted));
  }

  expire(/** @type {EntryKey} */ key) {
    const { cache, tally } = stateOf(this);
    return named(this, key, (text) => cache.expire(text).then(tally.deleted));
  }

  deleteByPattern(/** @type {unknown} */ pattern) {
    const { cache, tally } = stateOf(this);
    return cache.deleteByPattern(patternIn(this, pattern)).then(tally.deleted);
  }

  expireByPattern(/** @type {unknown} */ pattern) {
    const { cache, tally } = stateOf(this);
    return cache.expireByPattern(patternIn(this, pattern)).then(tally.deleted);
  }

  getMany(
    /** @type {Iterable<EntryKey>} */ keys,
    /** @type {unknown} */ loadMany = undefined,
    /** @type {Given} */ options = undefined,
  ) {
    return many().getMany(partOf(this), keys, loadMany, options);
  }

  setMany(/** @type {Foreign} */ entries, /** @type {Given} */ options) {
    return many().setMany(partOf(this), entries, options);
  }

  hasMany(/** @type {Iterable<EntryKey>} */ keys) {
    return many().hasMany(partOf(this), keys);
  }

  deleteMany(/** @type {Iterable<EntryKey>} */ keys) {
    return many().deleteMany(partOf(this), keys);
  }

  wrap(/** @type {Function} */ fn, /** @type {Given} */ options) {
    const { core } = stateOf(this);
    return require('../many/wrap.js').wrap({ owner: this, core, original: Namespace.prototype }, fn, options);
  }

  clear() {
    return this.deleteByPattern('*');
  }

  size() {
    return sizeMatching(stateOf(this).core, patternIn(this, '*'));
  }

  namespace(/** @type {string} */ name, /** @type {Given} */ options) {
    return namespaceIn(stateOf(this), name, options);
  }

  [INSPECT]() {
    return stateOf(this) === undefined ? '[Namespace]' : `Namespace ${JSON.stringify(this.name)}`;
  }
}

/**
 * The key of the cache. A value that is no key is passed on: the cache answers or refuses it.
 * @param {Namespace} namespace
 * @param {unknown} key
 * @returns {any}
 */
function keyIn(namespace, key) {
  return isNoKey(key) ? key : stateOf(namespace).prefix + keyText(key);
}

/** @param {Namespace} namespace @returns {import('./many.js').Part} */
function partOf(namespace) {
  const { cache, core, defaults, tally } = stateOf(namespace);
  return { cache, core, defaults, tally, keyIn: (key) => keyIn(namespace, key) };
}

/**
 * @param {Namespace} namespace
 * @param {unknown} pattern
 * @returns {any} a value that is no text is passed on
 */
function patternIn(namespace, pattern) {
  return typeof pattern === 'string' ? stateOf(namespace).prefix + pattern : pattern;
}

/**
 * Calls a verb for a key of a namespace. An error that it throws becomes a rejection, as everywhere.
 * @template T
 * @param {Namespace} namespace
 * @param {unknown} key
 * @param {(text: unknown) => Promise<T>} verb
 * @returns {Promise<T>}
 */
function named(namespace, key, verb) {
  try {
    return verb(keyIn(namespace, key));
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * A namespace within another, or within a cache.
 * @param {Pick<State, 'cache' | 'core' | 'prefix' | 'defaults'>} parent
 * @param {unknown} name
 * @param {Given} options the defaults of its calls
 */
function namespaceIn({ cache, core, prefix: outer, defaults: inherited }, name, options) {
  // Patterns have no escape: a name with these would match the keys of others.
  if (typeof name !== 'string' || name === '' || /[*?]/.test(name)) {
    throw argument('name', 'a text of one character or more, without "*" and "?"', name);
  }
  const own = copied(options);
  readCallOptions(own, core.keepsTags);
  const prefix = outer + name + SEPARATOR;
  const defaults = inherited === undefined ? (own ?? undefined) : laidOver(inherited, own);
  return new Namespace({ cache, core, prefix, defaults, tally: Tally.of(core, outer + name) });
}

/**
 * @param {Foreign} cache
 * @param {import('../core.js').Core} core
 * @param {unknown} name
 * @param {Given} options
 */
function namespaceOf(cache, core, name, options) {
  return namespaceIn({ cache, core, prefix: '', defaults: undefined }, name, options);
}

module.exports = { namespaceOf };
