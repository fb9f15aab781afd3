'use strict';
// Finds loaders that ask for their own key: the load would wait for itself.
//
// The asking loader is known until it has returned its promise; afterwards see hanging.js. Cycles through loads of
// other keys are not found: it cannot be seen whether a loader waits for a load that it has begun.

const { deadlock } = require('./errors.js');
const { hanging, running } = require('./hanging.js');
const { setImmediate, setTimeout } = require('./platform.js');

/** @typedef {import('./request.js').Request | import('./memory/local-load.js').LocalLoad} Load */

/**
 * The caller of a loader: a load, or a batch of loads; and how long it may wait for itself, in milliseconds: by default
 * for a turn of the event loop.
 * @typedef {{ covers(load: Load): boolean, patienceMs?: number }} Loader
 */

/**
 * The promise of a load, for one more that asks for it.
 * @param {Load} load
 * @returns {Promise<any>}
 */
function joined(load) {
  if (running.load === undefined && !running.isAlert) return load.promised();
  return joinedBy(hanging.asker(), load);
}

/**
 * The same for a load of the addon that a call has joined.
 * @param {import('./request.js').Request} load
 * @returns {Promise<any>}
 */
function joinedByCall(load) {
  load.core.limit?.awaits(load);
  hanging.joined(load);
  return joined(load);
}

/**
 * @param {Loader | undefined} asker whose loader has asked
 * @param {Load} load
 * @returns {Promise<any>}
 */
function joinedBy(asker, load) {
  return asker !== undefined && asker.covers(load) ? unlessAwaited(load, asker.patienceMs) : load.promised();
}

/**
 * The promise of a load that its own loader has asked for. If the loader ends soon, it did not wait for that; else it
 * never would end.
 * @param {Load} load
 * @param {number} [patienceMs]
 * @returns {Promise<any>}
 */
function unlessAwaited(load, patienceMs) {
  return new Promise((resolve, reject) => {
    load.promised().then(resolve, reject);
    const refuse = () => {
      if (load.isLoaded) return;
      const error = deadlock(load.key);
      hanging.refused(error);
      reject(error);
    };
    if (patienceMs === undefined) setImmediate(refuse);
    else setTimeout(refuse, patienceMs);
  });
}

module.exports = { joined, joinedBy, joinedByCall, running };
