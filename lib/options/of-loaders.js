'use strict';
// The options that a loader sets for its value.

const { OF_CALL } = require('./paths.js');

/** Options of calls that a loader cannot change: they took effect before it runs. */
const FIXED = Object.freeze([
  ...['inflight', 'timeouts', 'distributedLock', 'refreshAhead', 'xfetch'],
  ...['skipTtlMs', 'shouldCache', 'versioning'],
]);

const isFixed = (/** @type {string} */ path) => path === 'partial' || FIXED.includes(path.split('.', 1)[0]);

const OF_LOADER = [...OF_CALL.filter((path) => !isFixed(path)), 'etag'];

module.exports = { FIXED, OF_LOADER };
