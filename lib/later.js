'use strict';
// Functions of the package whose files are loaded with their first call.

/**
 * A store of a definition.
 * @param {Foreign} definition
 * @returns {any} a store, with the types that the definition has
 */
function defineStore(definition) {
  return require('./define-store.js').defineStore(definition);
}

/**
 * A decorator of methods.
 * @param {Foreign} cache a cache, or a function that returns that of an object
 * @param {Given} options
 */
function cached(cache, options) {
  return require('./many/cached.js').cached(cache, options);
}

/** The statistics of all caches of the process, in whatever thread. */
function processStats() {
  return require('./stats.js').processStats();
}

module.exports = { cached, defineStore, processStats };
