'use strict';
// The options of the work of a cache that the facade does by itself.

const { optionType } = require('../errors.js');
const { entries, entriesOrNone } = require('./checks.js');
const { mustBeObject } = require('./read.js');

/** How many loads wait at a time where nothing else is said. */
const DEFAULT_MAX_QUEUED = 1000;

/**
 * How many loaders run and wait at a time; undefined where they are not limited.
 * @param {Given} loads
 * @returns {{ maxConcurrent: number, maxQueued: number } | undefined}
 */
function readLoads(loads) {
  mustBeObject('loads', loads);
  const [most, queued] = [loads?.maxConcurrent ?? Infinity, loads?.maxQueued ?? DEFAULT_MAX_QUEUED];
  const maxConcurrent = entries('loads.maxConcurrent', most);
  const maxQueued = entriesOrNone('loads.maxQueued', queued);
  return maxConcurrent === Infinity ? undefined : { maxConcurrent, maxQueued };
}

/**
 * Takes the promises of work in the background.
 * @param {Given} background
 * @returns {((promise: Promise<void>, work: any) => unknown) | undefined}
 */
function readBackground(background) {
  if (background === undefined || background === null) return undefined;
  if (typeof background !== 'function') throw optionType('background', 'a function', background);
  return /** @type {any} */ (background);
}

module.exports = { readBackground, readLoads };
