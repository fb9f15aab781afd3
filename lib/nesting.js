'use strict';
// Finds loaders that ask for their own key: the load would wait for itself.
//
// The asking loader is known until it has returned its promise. Afterwards only hooks of all promises could find its
// async context, and they would cost more than a load itself. Cycles through loads of other keys are not found: it
// cannot be seen whether a loader waits for a load that it has begun.

const { setImmediate } = require('node:timers');

const { deadlock } = require('./errors.js');

/** @typedef {import('./request.js').Request | import('./memory/local-load.js').LocalLoad} Load */

/**
 * The caller of a loader: a load, or a batch of loads.
 * @typedef {{ covers(load: Load): boolean }} Loader
 */

/** Whose loader is being called. @type {{ load: Loader | undefined }} */
const running = { load: undefined };

/**
 * The promise of a load, for one more that asks for it.
 * @param {Load} load
 * @returns {Promise<any>}
 */
function joined(load) {
  return joinedBy(running.load, load);
}

/**
 * @param {Loader | undefined} asker whose loader has asked
 * @param {Load} load
 * @returns {Promise<any>}
 */
function joinedBy(asker, load) {
  return asker !== undefined && asker.covers(load) ? unlessAwaited(load) : load.promise;
}

/**
 * The promise of a load that its own loader has asked for. If the loader ends within a turn, it did not wait for that;
 * else it never would end.
 * @param {Load} load
 * @returns {Promise<any>}
 */
function unlessAwaited(load) {
  return new Promise((resolve, reject) => {
    load.promise.then(resolve, reject);
    setImmediate(() => {
      if (!load.isLoaded) reject(deadlock(load.key));
    });
  });
}

module.exports = { joined, joinedBy, running };
