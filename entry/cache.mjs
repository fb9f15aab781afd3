import { createRequire } from 'node:module';

const api = createRequire(import.meta.url)('./cache.js');

export const {
  LazyLayersCache,
  HybridCache,
  createCache,
  MemoryStore,
  RedisStore,
  CircuitBreaker,
  isInspectableStore,
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
} = api;
