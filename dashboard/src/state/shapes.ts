/** The answers of the server, as far as the page reads them. `null` is: not known. */

import type { CacheStats } from '../../../types/stats.js';

/** As JSON has it: `null` for undefined. */
type AsJson<T> = {
  [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] extends object ? AsJson<T[K]> : T[K];
};

export type Stats = AsJson<CacheStats>;

export type Breaker = 'closed' | 'open' | 'half-open';

export interface CacheState {
  id: string;
  name: string;
  environment: number;
  /** Whether it was made with a dashboard of its own: of others there are counters alone. */
  observed: boolean;
  layers: { l1: boolean; l2: boolean; bus: boolean };
  bounds: { maxEntries: number | null; maxBytes: number | null };
  breakers: { l2: Breaker | null; bus: Breaker | null };
  bus?: { state: string | null; queued: number | null } | null;
  stats: Stats;
}

export interface EventLoop {
  environment: number;
  stalledMs: number | null;
  delayMs: number | null;
  maxDelayMs: number | null;
}

export interface Process {
  now: number;
  self: string;
  version: string;
  pid: number;
  node: string;
  uptimeMs: number;
  memory: { rssBytes: number | null };
  eventLoops: EventLoop[];
  actions: boolean;
  values: 'shown' | 'hidden';
  caches: CacheState[];
}

export interface History {
  everyMs: number;
  columns: string[];
  samples: (number | null)[][];
}

export interface Histogram {
  count: number;
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
  buckets: [number, number][];
}

export type Latency = { since: number; histograms: Record<'l1' | 'l2' | 'loader' | 'publish', Histogram | null> };

export interface Loads {
  running: number;
  oldestMs: number;
  joined: number | null;
  loads: { key: string; ageMs: number; joined: number | null }[];
  slowest: { key: string; durationMs: number; at: number; ok: boolean }[];
  errors: { message: string; count: number; lastAt: number; keys: string[] }[];
}

export interface Bus {
  configured: boolean;
  transport?: string | null;
  state?: string | null;
  breaker?: Breaker | null;
  health?: Record<string, unknown> | null;
  source?: string;
  counters?: Stats['bus'];
  instances?: {
    source: string;
    received: number;
    lastSeenAt: number;
    lastLagMs: number | null;
    maxLagMs: number | null;
  }[];
  gaps?: { at: number; reason: string; missed: number }[];
  statuses?: { at: number; status: string; error?: string | null }[];
}

export interface Entry {
  key: string;
  ttlRemainingMs: number;
  ageMs?: number | null;
  serializedBytes: number;
  deserializedBytes: number;
  compressionRatio: number;
  encoding: string;
  memoryBytes?: number | null;
  tags?: string[];
  value?: unknown;
  /** The stored bytes. */
  base64?: string | null;
  truncated?: boolean;
  redacted?: boolean;
  hidden?: boolean;
}

export interface Page {
  size: number;
  cursor?: string;
  keys: Entry[];
  /** Keys that were looked at for this page. */
  seen?: number;
}

export interface TreeNode {
  name: string;
  prefix: string;
  keys: number;
  bytes: number | null;
  isKey: boolean;
}

export interface Tree {
  keys: number;
  bytes: number | null;
  seen: number;
  size: number;
  complete: boolean;
  nodes: TreeNode[];
  more: number;
  cursor?: string | null;
}

export interface Held {
  held: boolean;
  reason: string;
  text: string;
  entry: Entry | null;
}

export interface Recorded {
  seq: number;
  ts: number;
  type: string;
  data: Record<string, unknown>;
}

export interface Explained {
  key: string;
  now: number;
  layers: { l1: Held; l2: Held };
  stale: Partial<Held> | boolean | null;
  negative: Partial<Held> | boolean | null;
  load: {
    running: boolean;
    count: number;
    meanMs: number | null;
    maxMs: number | null;
    lastError: string | null;
  } | null;
  same: boolean | null;
  events: Recorded[];
}

export interface Resolved {
  path: string;
  value: number | string | boolean | null;
  isDefault: boolean;
  unit?: string;
}

export interface Config {
  source: string;
  route: string;
  layers: Record<string, unknown>;
  features: Record<string, unknown>;
  resilience: { l2CircuitBreaker: Breaker; eventBusCircuitBreaker: Breaker };
  eventBus: { configured: boolean; transport?: string; health?: { ok: boolean; error?: string } };
  prometheus?: { enabled: true; prefix: string; endpoint: string };
  telemetry: { channel: string };
  resolved?: Resolved[];
  observability?: Record<string, unknown>;
}

/** Of a simulated L1. */
export interface HitRatio {
  hitRatio: number;
  error: number;
}

/** The hit ratios of other sizes of L1. */
export interface Sizes {
  maxEntries: number;
  policy: string;
  reads: number;
  sizes: { maxEntries: number; lru: HitRatio; s3fifo: HitRatio }[];
}

export interface Finding {
  rule: string;
  severity?: 'info' | 'warn';
  text: string;
  number?: number | null;
  option: string | null;
  current?: unknown;
  suggested?: unknown;
}
