'use strict';

const { HybridCache, LazyLayersCache, createCache } = require('../lib/cache.js');
const { CircuitBreaker } = require('../lib/circuit-breaker.js');
const values = require('../lib/contract/values.js');
const { isInspectableStore } = require('../lib/inspectable.js');
const { cached, defineStore, processStats } = require('../lib/later.js');
const { MemoryStore } = require('../lib/memory-store.js');
const { RedisStore } = require('../lib/redis/redis-store.js');
const serializer = require('../lib/serializer/functions.js');
void require('../lib/door.js');

const { deserialize, hasPrefix, inspectBuffer, serialize, serializeWithStats, stripPrefix } = serializer;
const { estimateValueBytes, getCompressionSavings, shouldGzip, sizeSavings } = serializer;
const { DEFAULT_CACHE_TTL_MS, DEFAULT_INFLIGHT_TTL_MS, DEFAULT_L1_MAX_ENTRIES } = values;
const { GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD, NULL_SENTINEL } = values;

/** What the declarations promise. @satisfies {typeof import('../types/cache.js')} */
const entry = {
  LazyLayersCache,
  HybridCache,
  createCache,
  defineStore,
  cached,
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
