'use strict';
// `@cached`: a decorator of methods, on top of `wrap`. For the decorators of the language, not those of
// `experimentalDecorators`.

const { argument, optionType } = require('../errors.js');
const { laidOver } = require('../options/laid-over.js');

/** Used as `this` where there is none. */
const NO_THIS = {};

/**
 * @param {Foreign} cache a cache, or a function that returns that of an object
 * @param {Given} options
 */
function cached(cache, options) {
  if (typeof cache !== 'function' && typeof cache?.wrap !== 'function') {
    throw argument('cache', 'a cache, or a function that returns the cache of an object', cache);
  }
  if (typeof options?.key !== 'function') {
    throw optionType('key', 'a function that returns the key for arguments', options?.key);
  }
  return (/** @type {Function} */ method, /** @type {Given} */ context) => {
    if (context?.kind !== 'method') {
      const allowed = 'used on a method, without the option "experimentalDecorators" of the compiler';
      throw argument('@cached', allowed, context?.kind ?? context);
    }
    return readingThrough(cache, options, method);
  };
}

/**
 * @param {Foreign} cache
 * @param {Foreign} options
 * @param {Function} method
 */
function readingThrough(cache, options, method) {
  /** The wrapped method of each object. @type {WeakMap<object, (...args: unknown[]) => unknown>} */
  const wrapped = new WeakMap();
  /** @param {unknown} self @returns {(...args: unknown[]) => unknown} */
  const make = (self) => {
    const { key, loadMany, batch } = options;
    const on = typeof cache === 'function' ? cache(self) : cache;
    const batches = typeof loadMany === 'function' ? { loadMany: loadMany.bind(self) } : {};
    return on.wrap(method.bind(self), { ...laidOver({}, options), batch, ...batches, key: key.bind(self) });
  };
  /** @this {unknown} @param {unknown[]} args @returns {any} the promise of the method */
  return function read(...args) {
    const self = this ?? NO_THIS;
    let found = wrapped.get(self);
    if (found === undefined) {
      found = make(this);
      wrapped.set(self, found);
    }
    return found(...args);
  };
}

module.exports = { cached };
