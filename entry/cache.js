'use strict';

const { HybridCache, LazyLayersCache, createCache } = require('../lib/cache.js');
const { CircuitBreaker } = require('../lib/circuit-breaker.js');
const { DEFAULT_CACHE_TTL_MS, DEFAULT_INFLIGHT_TTL_MS, DEFAULT_L1_MAX_ENTRIES } = require('../lib/defaults.js');
const { isInspectableStore } = require('../lib/inspectable.js');
const { MemoryStore } = require('../lib/memory-store.js');

/** What the declarations promise. @satisfies {typeof import('../types/cache.js')} */
const entry = {
  LazyLayersCache,
  HybridCache,
  createCache,
  MemoryStore,
  CircuitBreaker,
  isInspectableStore,
  DEFAULT_CACHE_TTL_MS,
  DEFAULT_L1_MAX_ENTRIES,
  DEFAULT_INFLIGHT_TTL_MS,
};

module.exports = entry;
