// The CommonJS build under the names of ES modules: a class is the same object through `import` and `require`.
import api from './index.js';

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
  TELEMETRY_CHANNEL_NAME,
  subscribeTelemetry,
  publishTelemetry,
  hasTelemetrySubscribers,
} = api;
