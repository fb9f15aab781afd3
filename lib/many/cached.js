'use strict';
// `@cached`: a decorator of methods, on top of `wrap`. For the decorators of the language, not those of
// `experimentalDecorators`.

const { argument } = require('../errors.js');
const { readOptions } = require('./wrap.js');

/** Used as `this` where there is none. */
const NO_THIS = {};

/**
 * @param {Foreign} cache a cache, or a function that returns that of an object
 * @param {Given} given
 */
function cached(cache, given) {
  if (typeof cache !== 'function' && !isCache(cache)) {
    throw argument('cache', 'a cache, or a function that returns the cache of an object', cache);
  }
  // Tags are checked with the cache, which may be known later: it may have a store that takes other ones.
  const options = readOptions(given, false);
  return (/** @type {Function} */ method, /** @type {Given} */ context) => {
    if (context?.kind !== 'method') {
      const allowed = 'used on a method, without the option "experimentalDecorators" of the compiler';
      throw argument('@cached', allowed, context?.kind ?? context);
    }
    return readingThrough(cache, options, method);
  };
}

const isCache = (/** @type {Given} */ cache) => typeof cache?.wrap === 'function';

/**
 * @param {Foreign} cache
 * @param {import('./wrap.js').Reading} options
 * @param {Function} method
 */
function readingThrough(cache, options, method) {
  /** The wrapped method of each object. @type {WeakMap<object, (...args: unknown[]) => unknown>} */
  const wrapped = new WeakMap();
  /** @param {unknown} self */
  const wrappedFor = (self) => {
    const holder = Object(self ?? NO_THIS);
    const known = wrapped.get(holder);
    if (known !== undefined) return known;
    const made = wrapFor(self, typeof cache === 'function' ? cache(self) : cache, options, method);
    wrapped.set(holder, made);
    return made;
  };
  /** @this {unknown} @param {unknown[]} args @returns {any} the promise of the method */
  function read(...args) {
    try {
      return wrappedFor(this)(...args);
    } catch (error) {
      return Promise.reject(error);
    }
  }
  return Object.defineProperty(read, 'name', { value: method.name });
}

/**
 * @param {unknown} self
 * @param {Foreign} cache
 * @param {import('./wrap.js').Reading} options
 * @param {Function} method
 */
function wrapFor(self, cache, { key, loadMany, batch, options }, method) {
  if (!isCache(cache)) throw argument('the cache of an object', 'a cache', cache);
  const batches = loadMany === undefined ? {} : { loadMany: loadMany.bind(self), batch };
  return cache.wrap(method.bind(self), { ...options, ...batches, key: key.bind(self) });
}

module.exports = { cached };
