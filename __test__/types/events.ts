// Compiled, never run: events, told apart by their type.

import {
  type CacheEvent,
  type CacheEventHandler,
  type CacheKey,
  type CacheLevel,
  hasTelemetrySubscribers,
  LazyLayersCache,
  publishTelemetry,
  subscribeTelemetry,
  TELEMETRY_CHANNEL_NAME,
} from 'lazy-layers-cache';
import { subscribeTelemetry as fromSubpath } from 'lazy-layers-cache/observability';
import { same } from './support/assertions.js';

/** Every event there is: one that is missing in the types, or too many, does not compile. */
const fields = {
  hit: ['key', 'level'],
  miss: ['key', 'level'],
  set: ['key', 'levels'],
  delete: ['key', 'remote', 'expired'],
  'delete-pattern': ['pattern', 'remote', 'expired'],
  'delete-tag': ['tag', 'remote', 'expired'],
  'loader:start': ['key'],
  'loader:success': ['key', 'durationMs'],
  'loader:error': ['key', 'error', 'durationMs'],
  'loader:timeout': ['key', 'timeoutMs', 'kind'],
  'inflight:reuse': ['key'],
  'inflight:bypass': ['key', 'reason'],
  'load:overtaken': ['key'],
  'load:limited': ['key', 'outcome'],
  evict: ['key', 'reason'],
  mutation: ['key'],
  'audit:stale': ['key', 'level', 'ageMs'],
  'stale:hit': ['key', 'reason'],
  refresh: ['key'],
  extend: ['key', 'ttlMs'],
  'negative:set': ['key', 'ttlMs'],
  'l1:error': ['operation', 'key', 'error'],
  'l2:error': ['operation', 'key', 'state', 'error'],
  'l2:skipped': ['operation', 'key', 'state'],
  'event-bus:publish-error': ['eventType', 'state', 'error'],
  'event-bus:publish-skipped': ['eventType', 'state'],
  'invalidation:received': ['eventId', 'eventType', 'event'],
  'invalidation:duplicate': ['eventId', 'eventType', 'event'],
  'invalidation:stale': ['eventId', 'eventType', 'key', 'generation', 'localGeneration'],
  'set:received': ['key', 'level'],
  'extend:received': ['key', 'ttlMs'],
  'set:broadcast': ['key'],
  'set:broadcast-skipped': ['key', 'reason', 'bytes', 'maxBytes'],
  'bus:status': ['transport', 'status', 'error'],
  'bus:gap': ['reason', 'missed'],
  'l2:change': ['key'],
} as const;

type Of<Type extends CacheEvent['type']> = Extract<CacheEvent, { type: Type }>;

same<CacheEvent['type'], keyof typeof fields>();
same<
  { [Type in CacheEvent['type']]: Exclude<keyof Of<Type>, 'type'> },
  { -readonly [Type in keyof typeof fields]: (typeof fields)[Type][number] }
>();
same<Of<'hit'>['level'], 'L1' | 'L2'>();
same<Of<'miss'>['level'], 'L1' | 'L2' | 'negative'>();
same<Of<'set'>['levels'], CacheLevel[]>();
same<Of<'set'>['key'], CacheKey>();
same<Of<'loader:timeout'>['kind'], 'soft' | 'hard'>();
same<Of<'stale:hit'>['reason'], 'loader-error' | 'soft-timeout' | 'hard-timeout' | 'load-limit'>();
same<Of<'evict'>['reason'], 'capacity' | 'expired' | 'replaced'>();
same<Of<'load:limited'>['outcome'], 'queued' | 'refused'>();
same<Of<'l2:error'>['state'], 'closed' | 'open' | 'half-open'>();
same<Of<'event-bus:publish-error'>['eventType'], 'del' | 'pattern' | 'set'>();

const handler: CacheEventHandler = (event) => {
  if (event.type === 'hit') same<typeof event.level, CacheLevel>();
  if (event.type === 'loader:error') same<typeof event.durationMs, number>();
  // @ts-expect-error not every event is about a key
  return event.key;
};

const cache = new LazyLayersCache({ events: [handler] });
same<ReturnType<typeof cache.on>, () => void>();
cache.on(handler)();
// The result of a handler does not matter.
const types: string[] = [];
cache.on((event) => types.push(event.type))();
cache.on(({ key }) => types.push(String(key)), { types: ['hit', 'miss'] })();
subscribeTelemetry((event) => types.push(event.type))();
// @ts-expect-error a handler is a function
cache.on('hit');

same<typeof TELEMETRY_CHANNEL_NAME, 'lazycache:cache:event'>();
same<typeof subscribeTelemetry, typeof fromSubpath>();
same<ReturnType<typeof hasTelemetrySubscribers>, boolean>();
subscribeTelemetry(handler)();
publishTelemetry({ type: 'hit', key: 7, level: 'L1' });
// @ts-expect-error no such layer
publishTelemetry({ type: 'hit', key: 7, level: 'L3' });
