'use strict';
// Defaults that users may read. They live in the engine.

const { bridge } = require('./raw.js');

module.exports = {
  /** Lifetime of an entry, in milliseconds. @type {3_600_000} */
  DEFAULT_CACHE_TTL_MS: bridge.raw.defaults(0),
  /** Entries of the memory layer. @type {1000} */
  DEFAULT_L1_MAX_ENTRIES: bridge.raw.defaults(1),
  /** How long a running load is joined, in milliseconds. @type {5000} */
  DEFAULT_INFLIGHT_TTL_MS: bridge.raw.defaults(2),
};
