'use strict';

const { HybridCache, LazyLayersCache, createCache } = require('../lib/cache.js');
const { CircuitBreaker } = require('../lib/circuit-breaker.js');
const { defineStore } = require('../lib/define-store.js');
const values = require('../lib/contract/values.js');
const { isInspectableStore } = require('../lib/inspectable.js');
const { MemoryStore } = require('../lib/memory-store.js');
const { RedisStore } = require('../lib/redis/redis-store.js');
const format = require('../lib/serializer/format.js');
const serializer = require('../lib/serializer/functions.js');

const { processStats } = require('../lib/stats.js');
const { deserialize, inspectBuffer, serialize, serializeWithStats } = serializer;
const { estimateValueBytes, getCompressionSavings, shouldGzip, sizeSavings } = serializer;
const { hasPrefix, stripPrefix } = format;
const { DEFAULT_CACHE_TTL_MS, DEFAULT_INFLIGHT_TTL_MS, DEFAULT_L1_MAX_ENTRIES } = values;
const { GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD, NULL_SENTINEL } = values;

/** What the declarations promise. @satisfies {typeof import('../types/cache.js')} */
const entry = {
  LazyLayersCache,
  HybridCache,
  createCache,
  defineStore,
  MemoryStore,
  RedisStore,
  CircuitBreaker,
  isInspectableStore,
  processStats,
  DEFAULT_CACHE_TTL_MS,
  DEFAULT_L1_MAX_ENTRIES,
  DEFAULT_INFLIGHT_TTL_MS,
  serialize,
  deserialize,
  serializeWithStats,
  inspectBuffer,
  estimateValueBytes,
  sizeSavings,
  getCompressionSavings,
  shouldGzip,
  hasPrefix,
  stripPrefix,
  NULL_SENTINEL,
  GZIP_MIN_BYTES,
  GZIP_SAVINGS_THRESHOLD,
};

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
