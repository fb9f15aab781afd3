'use strict';
// Defaults that users may read, limits, and the form of stored values.
// Generated from src/contract by `npm run contract`.

/** Lifetime of an entry, in milliseconds. @type {3_600_000} */
const DEFAULT_CACHE_TTL_MS = 3_600_000;
/** Entries of the memory layer. @type {1000} */
const DEFAULT_L1_MAX_ENTRIES = 1000;
/** How long a running load is joined, in milliseconds. @type {5000} */
const DEFAULT_INFLIGHT_TTL_MS = 5000;
/** Ids of events that are remembered. @type {10_000} */
const DEFAULT_DEDUPE_MAX_ENTRIES = 10_000;
/** For how long they are, in milliseconds. @type {300_000} */
const DEFAULT_DEDUPE_TTL_MS = 300_000;
/** How long an operation of L2 may take, in milliseconds. @type {1000} */
const DEFAULT_L2_TIMEOUT_MS = 1000;
/** Failures in a row that open a circuit. @type {3} */
const DEFAULT_FAILURE_THRESHOLD = 3;
/** How long it stays open, in milliseconds. @type {30_000} */
const DEFAULT_COOLDOWN_MS = 30_000;
/** How deep values may be nested that are read. @type {4096} */
const DEFAULT_MAX_DEPTH = 4096;
/** How many bytes such a value may have when it is inflated. @type {268_435_456} */
const DEFAULT_MAX_BYTES = 268_435_456;
/** Length of the prefix of a payload. @type {4} */
const PREFIX_BYTES = 4;
/** The prefixes, by number of the encoding. */
const PREFIXES = Object.freeze(['HC1M', 'HC1G', 'HC1J']);
/** Stands for `null` and `undefined`. */
const NULL_SENTINEL = '__hybridcache_null__';
/** Packed values of this size in bytes and more are gzipped, if that pays. @type {65_536} */
const GZIP_MIN_BYTES = 65_536;
/** The share of bytes that gzip has to save. @type {0.15} */
const GZIP_SAVINGS_THRESHOLD = 0.15;

module.exports = {
  DEFAULT_CACHE_TTL_MS,
  DEFAULT_L1_MAX_ENTRIES,
  DEFAULT_INFLIGHT_TTL_MS,
  DEFAULT_DEDUPE_MAX_ENTRIES,
  DEFAULT_DEDUPE_TTL_MS,
  DEFAULT_L2_TIMEOUT_MS,
  DEFAULT_FAILURE_THRESHOLD,
  DEFAULT_COOLDOWN_MS,
  DEFAULT_MAX_DEPTH,
  DEFAULT_MAX_BYTES,
  PREFIX_BYTES,
  PREFIXES,
  NULL_SENTINEL,
  GZIP_MIN_BYTES,
  GZIP_SAVINGS_THRESHOLD,
};
