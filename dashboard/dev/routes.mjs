/** The answers of the API, about caches that do not exist. */
import { createRequire } from 'node:module';
import { encodeMessagePack } from './pack.mjs';

const { advise } = createRequire(import.meta.url)('../../lib/observability/advice.js');

const listed = ({ expiresAt, value, ...entry }, now, withValue) => ({
  ...entry,
  ttlRemainingMs: expiresAt === null ? -1 : Math.max(expiresAt - now, 0),
  ...(withValue ? { value } : {}),
});

function matcher(pattern) {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 's');
  return (key) => expression.test(key);
}

export function page(cache, query, now) {
  const limit = Number.parseInt(query.get('limit') ?? '', 10) || 100;
  const start = Number(query.get('cursor') ?? 0);
  const matches = matcher(query.get('match') || '*');
  const keys = [];
  let at = start;
  const budget = start + Math.max(limit * 10, 10_000);
  while (at < cache.entries.length && at < budget && keys.length < limit) {
    const entry = cache.entries[at];
    if (matches(entry.key)) keys.push(listed(entry, now, query.get('values') !== 'false'));
    at += 1;
  }
  const cursor = at < cache.entries.length ? { cursor: String(at) } : {};
  return { size: cache.entries.length, ...cursor, keys, seen: at - start };
}

function childOf(key, prefix, delimiter) {
  const rest = key.slice(prefix.length);
  const end = rest.indexOf(delimiter);
  if (end < 0) return { name: rest, prefix: key, keys: 0, bytes: 0, isKey: true };
  const name = rest.slice(0, end);
  return { name, prefix: `${prefix}${name}${delimiter}`, keys: 0, bytes: 0, isKey: false };
}

export function tree(cache, query) {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') || ':';
  const limit = Number(query.get('limit')) || 200;
  const nodes = new Map();
  const whole = { keys: 0, bytes: 0 };
  for (const { key, memoryBytes } of cache.entries) {
    if (!key.startsWith(prefix)) continue;
    const child = childOf(key, prefix, delimiter);
    const id = `${child.isKey}${child.name}`;
    const node = nodes.get(id) ?? child;
    nodes.set(id, node);
    for (const each of [node, whole]) {
      each.keys += 1;
      each.bytes += memoryBytes;
    }
  }
  const sorted = [...nodes.values()].sort((a, b) => b.keys - a.keys);
  const size = cache.entries.length;
  const shown = sorted.slice(0, limit);
  const more = sorted.length - shown.length;
  return { layer: 'l1', prefix, delimiter, ...whole, seen: size, size, complete: true, nodes: shown, more };
}

const NONE = { held: false, entry: null };

/** Every fifth key is held by one layer alone, each for another reason. */
function absence(cache, key, layer) {
  if (layer === 'l2' && !cache.layers.l2) return { ...NONE, reason: 'no-layer', text: 'there is no such layer' };
  const entry = cache.byKey.get(key);
  if (entry === undefined)
    return { ...NONE, reason: 'never-stored', text: 'never stored since the dashboard began to look' };
  if (layer === 'l1' && entry.key.endsWith(':seen')) {
    return { ...NONE, reason: 'expired', text: 'expired 3.1 s ago' };
  }
  if (layer === 'l1' && entry.key.endsWith(':cart')) {
    return { ...NONE, reason: 'invalidated', text: 'deleted by instance b7c01d 12 s ago' };
  }
  return undefined;
}

const packedText = (value) => Buffer.concat([Buffer.from('HC1M'), encodeMessagePack(value)]).toString('base64');

function heldBy(cache, key, layer, { now, withBytes }) {
  const absent = absence(cache, key, layer);
  if (absent !== undefined) return absent;
  const entry = listed(cache.byKey.get(key), now, true);
  if (layer === 'l2') delete entry.memoryBytes;
  if (layer === 'l2' && key.endsWith(':plan')) entry.value = { ...entry.value, name: 'Another name', active: null };
  const left = entry.ttlRemainingMs < 0 ? 'no end' : `${Math.round(entry.ttlRemainingMs / 1000)} s left`;
  return {
    held: true,
    reason: 'held',
    text: `held, ${left}`,
    entry: withBytes ? { ...entry, base64: packedText(entry.value) } : entry,
  };
}

export function explain(cache, feed, query, now) {
  const key = query.get('key') ?? '';
  const how = { now, withBytes: query.get('bytes') === '1' };
  const layers = { l1: heldBy(cache, key, 'l1', how), l2: heldBy(cache, key, 'l2', how) };
  const both = layers.l1.held && layers.l2.held;
  return {
    key,
    now,
    layers,
    stale: key.endsWith(':seen')
      ? {
          held: true,
          reason: 'held',
          text: 'a copy that was good 3.1 s ago is kept for 57 s more, for loads that fail',
          ageMs: 3100,
          leftMs: 57_000,
        }
      : false,
    negative: false,
    load: { running: false, count: 3, meanMs: 41.2, maxMs: 80.1, lastError: null },
    same: both ? JSON.stringify(layers.l1.entry.value) === JSON.stringify(layers.l2.entry.value) : null,
    events: feed.about(key),
  };
}

const histogram = (scale, count) => ({
  count,
  mean: scale * 1.4,
  p50: scale,
  p90: scale * 2.1,
  p99: scale * 7.3,
  p999: scale * 31,
  max: scale * 140,
  buckets: [
    [scale, Math.round(count / 2)],
    [scale * 2.1, Math.round(count * 0.4)],
    [scale * 140, Math.round(count * 0.1)],
  ],
});

export const latency = (cache, startedAt) => ({
  unit: 'ms',
  since: startedAt,
  histograms: {
    l1: null,
    l2: cache.layers.l2 ? histogram(0.42, cache.stats.hits.L2 + cache.stats.misses.L2) : null,
    loader: histogram(28, cache.stats.loads.succeeded),
    publish: cache.layers.bus ? histogram(0.9, cache.stats.bus.valuesSent) : null,
  },
});

export const loads = (cache, now) => ({
  running: cache.stats.loads.running,
  oldestMs: cache.stats.loads.oldestMs,
  joined: 14,
  loads: ['report:weekly:emea', 'user:4711:profile', 'product:88:de:6'].map((key, index) => ({
    key,
    ageMs: (cache.stats.loads.oldestMs || 900) / (index * 3 + 1),
    joined: [13, 1, 0][index],
  })),
  slowest: Array.from({ length: 12 }, (_, index) => ({
    key:
      index % 3 === 0 ? `report:weekly:${['emea', 'apac', 'latam', 'na'][index / 3]}` : `user:${index * 311}:profile`,
    durationMs: 8123 / (1 + index * 0.4),
    at: now - index * 17_000,
    ok: index !== 2,
  })),
  errors: [
    {
      message: 'connect ECONNREFUSED 10.0.0.7:5432',
      count: 412,
      lastAt: now - 1200,
      keys: ['user:1:profile', 'user:2:cart'],
    },
    { message: 'The loader took longer than 5000 ms', count: 9, lastAt: now - 64_000, keys: ['report:weekly:emea'] },
    { message: '<script>document.title="taken"</script>', count: 1, lastAt: now - 300_000, keys: ['note:1'] },
  ],
});

export function bus(cache, now) {
  if (!cache.layers.bus) return { configured: false };
  const instance = (source, received, lastLagMs, maxLagMs, ago) => ({
    source,
    received,
    lastSeenAt: now - ago,
    lastLagMs,
    maxLagMs,
  });
  return {
    configured: true,
    transport: 'redis',
    state: 'connected',
    breaker: 'closed',
    health: { ok: true, transport: 'redis', queued: 2, published: 41_210, retries: 3, reconnects: 1 },
    source: 'a3f9e2',
    counters: cache.stats.bus,
    instances: [
      instance('b7c01d', 9123, 2, 41, 900),
      instance('c91f44', 8710, 3, 38, 1400),
      instance('d02aa7', 120, 11, 320, 48_000),
    ],
    gaps: [{ at: now - 140_000, reason: 'resubscribed', missed: 0 }],
    statuses: [
      { at: now - 140_000, status: 'connected' },
      { at: now - 143_000, status: 'disconnected', error: 'read ECONNRESET' },
      { at: now - 900_000, status: 'connected' },
    ],
  };
}

const option = (path, value, isDefault, unit) => ({ path, value, isDefault, ...(unit ? { unit } : {}) });

export const config = (cache) => ({
  source: 'a3f9e2',
  route: '/observelazyily',
  layers: {
    l1: { enabled: true, inspectable: true, maxEntries: cache.bounds.maxEntries, ttlMs: 60_000 },
    l2: { enabled: cache.layers.l2, inspectable: cache.layers.l2, ttlMs: 600_000 },
  },
  features: { failSafe: { enabled: true, staleTtlMs: 600_000 }, inflight: { ttlMs: 5000 } },
  resilience: { l2CircuitBreaker: 'closed', eventBusCircuitBreaker: 'closed' },
  eventBus: { configured: cache.layers.bus, transport: 'redis', health: { ok: true, transport: 'redis' } },
  prometheus: { enabled: true, prefix: 'lazycache', endpoint: '/observelazyily/metrics' },
  telemetry: { channel: 'lazycache:cache:event' },
  resolved: [
    option('name', cache.name, false),
    option('ttlMs', 60_000, false, 'ms'),
    option('levels.L1.maxEntries', cache.bounds.maxEntries, false, 'entries'),
    option('levels.L1.maxBytes', null, true, 'bytes'),
    option('levels.L1.policy', 'lru', true),
    option('levels.L2.ttlMs', 600_000, false, 'ms'),
    option('inflight.enabled', true, true),
    option('inflight.ttlMs', 5000, true, 'ms'),
    option('negativeCache.ttlMs', 30_000, false, 'ms'),
    option('negativeCache.maxEntries', 10_000, true, 'entries'),
    option('failSafe.enabled', true, false),
    option('failSafe.staleTtlMs', 600_000, false, 'ms'),
    option('timeouts.softMs', null, true, 'ms'),
    option('timeouts.hardMs', 5000, false, 'ms'),
    option('distributedLock.enabled', false, true),
    option('resilience.l2TimeoutMs', 1000, true, 'ms'),
    option('resilience.l2CircuitBreaker.failureThreshold', 3, true),
    option('resilience.l2CircuitBreaker.cooldownMs', 30_000, true, 'ms'),
    option('broadcastSet', true, true),
    option('broadcastSetMaxBytes', 65_536, false, 'bytes'),
  ],
  observability: { values: 'shown', actions: true, maxEvents: 1000, maxValueBytes: 262_144, quiet: false },
});

/** By the rules of the package. */
export function advice(cache) {
  const options = Object.fromEntries(config(cache).resolved.map(({ path, value }) => [path, value]));
  return advise(cache.state().stats, options);
}

/** Hit ratios of other sizes. */
export function sizes(cache) {
  const { maxEntries } = cache.state().bounds;
  const estimate = (hitRatio) => ({ hitRatio, error: maxEntries > 1000 ? 0.008 : 0 });
  const shares = [0.25, 0.5, 1, 2, 4, 8];
  return {
    maxEntries,
    policy: 'lru',
    reads: 1_204_331,
    sizes: shares.map((share, step) => ({
      maxEntries: maxEntries * share,
      lru: estimate(0.48 + 0.075 * step),
      s3fifo: estimate(0.55 + 0.065 * step),
    })),
  };
}
