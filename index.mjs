// The CommonJS build under the names of ES modules: a class is the same object through `import` and `require`.
// Node.js reads what it imports for names to export, which takes longer than to load it; `require` does not. Bundlers
// are given the CommonJS file itself: see "module" in package.json.
import { createRequire } from 'node:module';

const api = createRequire(import.meta.url)('./index.js');

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
  RedisEventBus,
  RabbitMQEventBus,
  NatsEventBus,
  encodeInvalidationEvent,
  decodeInvalidationEvent,
  TELEMETRY_CHANNEL_NAME,
  subscribeTelemetry,
  publishTelemetry,
  hasTelemetrySubscribers,
} = api;
