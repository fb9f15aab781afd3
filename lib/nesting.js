'use strict';
// Loads that loaders ask for, and those that would wait for themselves.
//
// Who asks is known for as long as a loader has not returned its promise: its async context afterwards would be known
// by hooks of all promises alone, which cost every load more than it takes.

const { setImmediate } = require('node:timers');

const { deadlock } = require('./errors.js');

/** @typedef {import('./request.js').Request | import('./memory/local-load.js').LocalLoad} Load */

/** The load whose loader is being called. @type {{ load: Load | undefined }} */
const running = { load: undefined };

/**
 * The promise of a load, for one more that asks for it.
 * @param {Load} load
 * @returns {Promise<any>}
 */
function joined(load) {
  const asker = running.load;
  return asker === undefined || waits(asker, load) ? load.promise : unlessAwaited(load);
}

/**
 * The promise of a load that a loader on which it depends has asked for. If its loader ends within a turn, nobody
 * waited there; else it never would.
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

/**
 * Notes that the loader of a load waits for another load. Returns false if that one waits for the first, by way of
 * whatever loads: none of them would ever end.
 * @param {Load} asker
 * @param {Load} asked
 */
function waits(asker, asked) {
  if (isAwaitedBy(asker, asked)) return false;
  asked.askers ??= [];
  asked.askers.push(asker);
  return true;
}

/**
 * Whether a load is waited for by another, or is that.
 * @param {Load} load
 * @param {Load} other
 */
function isAwaitedBy(load, other) {
  const seen = new Set([load]);
  for (const each of seen) {
    if (each === other) return true;
    for (const asker of each.askers ?? []) if (!asker.over) seen.add(asker);
  }
  return false;
}

module.exports = { joined, running, unlessAwaited, waits };
