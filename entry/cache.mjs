import api from './cache.js';

export const {
  LazyLayersCache,
  HybridCache,
  createCache,
  MemoryStore,
  CircuitBreaker,
  isInspectableStore,
  DEFAULT_CACHE_TTL_MS,
  DEFAULT_L1_MAX_ENTRIES,
  DEFAULT_INFLIGHT_TTL_MS,
} = api;
