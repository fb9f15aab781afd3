// The shapes of the dashboard and its metrics. What they are of is not in this version yet.

import type { CacheEvent, CacheEventHandler } from './events.js';
import type { EventBus } from './bus.js';
import type { InspectableStore, StoreInspection, StoreInspectOptions } from './inspect.js';
import type { CacheOptions, CircuitBreakerState, HybridCacheOptions } from './options.js';

/** The server of the dashboard. */
export interface ObservabilityServerOptions {
  /** Default: `127.0.0.1`. */
  host?: string | undefined;
  /** 0: one that is free. Default: 7077. */
  port?: number | undefined;
  /** Whether it starts with the cache. Default: `true`. */
  autoStart?: boolean | undefined;
}

/** Who may see the dashboard. */
export interface ObservabilityAuthOptions {
  /** Default: `lazydev`. */
  username?: string | undefined;
  /** Default: `lazydev`. */
  password?: string | undefined;
  /** Opens it beside name and password: `Authorization: Bearer`, or `?token=`. Default: none. */
  token?: string | undefined;
  /** `true`: everybody. Default: `false`. */
  disabled?: boolean | undefined;
}

/** Metrics for Prometheus. */
export interface ObservabilityPrometheusOptions {
  /** Default: `false`. */
  enabled?: boolean | undefined;
  /** Before every name. Default: `lazycache`. */
  prefix?: string | undefined;
  /** Whether they are for everybody. Default: `false`. */
  public?: boolean | undefined;
}

/** Options of the dashboard. */
export interface ObservabilityOptions {
  /** Default: `false`. */
  enabled?: boolean | undefined;
  /** Where it is. Default: `/observelazyily`. */
  route?: string | undefined;
  /** `false`: none, the handler is mounted into another. */
  server?: ObservabilityServerOptions | false | undefined;
  auth?: ObservabilityAuthOptions | undefined;
  /** Events that are kept to be shown. Default: 1000. */
  maxEvents?: number | undefined;
  /** The most bytes of a value that is shown. Default: 262,144. */
  maxValueBytes?: number | undefined;
  prometheus?: ObservabilityPrometheusOptions | undefined;
  /** `true`: no notice at the start. Default: `false`. */
  quiet?: boolean | undefined;
}

/** The same, with all that was not given. */
export interface ResolvedObservabilityOptions {
  enabled: boolean;
  route: string;
  maxEvents: number;
  maxValueBytes: number;
  /** `null`: none. */
  server: { host: string; port: number; autoStart: boolean } | null;
  auth: { username: string; password: string; token?: string | undefined; disabled: boolean };
  prometheus: { enabled: boolean; prefix: string; public: boolean };
  quiet: boolean;
}

/** How often each event came. */
export interface ObservabilityCounters {
  hitsL1: number;
  hitsL2: number;
  missesL1: number;
  missesL2: number;
  missesNegative: number;
  sets: number;
  deletes: number;
  deletePatterns: number;
  loaderStart: number;
  loaderSuccess: number;
  loaderError: number;
  loaderTimeout: number;
  inflightReuse: number;
  inflightBypass: number;
  staleHit: number;
  negativeSet: number;
  l2Error: number;
  l2Skipped: number;
  eventBusPublishError: number;
  eventBusPublishSkipped: number;
  invalidationReceived: number;
  invalidationDuplicate: number;
  invalidationStale: number;
  setReceived: number;
  setBroadcast: number;
  setBroadcastSkipped: number;
}

/** An event, as the dashboard shows it. */
export interface RecordedEvent {
  /** Its number, from 1. */
  seq: number;
  /** When it came, in milliseconds since the epoch. */
  ts: number;
  type: CacheEvent['type'];
  /** The rest of the event, errors and bigints as text. */
  data: Record<string, unknown>;
}

/** What a cache has done. */
export interface OverviewSnapshot {
  /** In milliseconds since the epoch. */
  startedAt: number;
  uptimeMs: number;
  totalEvents: number;
  bufferedEvents: number;
  maxEvents: number;
  /** In L1 and L2. */
  hits: number;
  /** In L1, in L2 and of keys known to be absent. */
  misses: number;
  /** The share of hits, from 0 to 1; 0 without a read. */
  hitRatio: number;
  counters: ObservabilityCounters;
}

/** How a cache is made, without secrets. */
export interface ConfigSnapshot {
  source: string;
  route: string;
  layers: {
    l1: { enabled: boolean; inspectable: boolean; maxEntries?: number; ttlMs?: number };
    l2: { enabled: boolean; inspectable: boolean; ttlMs?: number };
  };
  /** As they were given. */
  features: Pick<
    CacheOptions,
    'inflight' | 'negativeCache' | 'failSafe' | 'timeouts' | 'versioning' | 'distributedLock'
  > & {
    broadcastSet?: boolean | undefined;
  };
  resilience: { l2CircuitBreaker: CircuitBreakerState; eventBusCircuitBreaker: CircuitBreakerState };
  eventBus: { configured: boolean; transport?: string; health?: { ok: boolean; transport: string; error?: string } };
  /** Absent when off. */
  prometheus?: { enabled: true; prefix: string; endpoint: string };
  telemetry: { channel: string };
}

/** Sizes for the metrics, as far as they are known. */
export interface PrometheusGauges {
  l1Size?: number | undefined;
  l2Size?: number | undefined;
}

/** A layer that may be one that can be looked into. */
type Inspected = Partial<InspectableStore> & { size?(): number | Promise<number> };

/** What is needed to look into a cache. */
export interface InspectorDeps {
  l1?: Inspected | false | undefined;
  l2?: Inspected | false | undefined;
  options: HybridCacheOptions<any, any>;
  source: string;
  route: string;
  maxValueBytes: number;
  l2CircuitBreaker: { readonly currentState: CircuitBreakerState };
  eventBusCircuitBreaker: { readonly currentState: CircuitBreakerState };
  eventBus?: EventBus | undefined;
  prometheus?: ResolvedObservabilityOptions['prometheus'] | undefined;
  telemetryChannel?: string | undefined;
}

/** Collects what a cache tells. */
interface Collector {
  readonly handle: CacheEventHandler;
  subscribe(listener: (event: RecordedEvent) => void): () => void;
  recentEvents(): RecordedEvent[];
  overview(): OverviewSnapshot;
}

/** Looks into a cache. */
interface Inspector {
  /** `null`: there is no such layer, or it cannot be looked into. */
  inspectL1(options?: StoreInspectOptions): Promise<StoreInspection | null>;
  inspectL2(options?: StoreInspectOptions): Promise<StoreInspection | null>;
  sizes(): Promise<PrometheusGauges>;
  config(): Promise<ConfigSnapshot>;
}

/** What the handler is made of. */
export interface ObservabilityHandlerDeps {
  collector: Collector;
  inspector: Inspector;
  options: ResolvedObservabilityOptions;
}

/** As much of a request of `node:http` as is needed. */
interface Request {
  url?: string | undefined;
  method?: string | undefined;
  headers: { authorization?: string | undefined };
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** As much of a response of `node:http` as is needed. */
interface Response {
  readonly headersSent: boolean;
  readonly writable: boolean;
  readonly writableEnded: boolean;
  writeHead(status: number, headers?: any): unknown;
  write(chunk: any): boolean;
  end(chunk?: any): unknown;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** Answers requests for the dashboard, and says whether one was: others are left alone. */
export type ObservabilityRequestHandler = { handle(request: Request, response: Response): boolean }['handle'];

/** Where the server of a handler listens. */
export interface StartObservabilityServerOptions {
  host: string;
  port: number;
  route: string;
}

/** As much of a server of `node:http` as is of use. */
interface Server {
  readonly listening: boolean;
  address(): unknown;
  close(callback?: (error?: Error) => void): unknown;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** A server of the dashboard that runs. */
export interface ObservabilityServerHandle {
  server: Server;
  host: string;
  port: number;
  url: string;
  /** Ends it; again, it does nothing. */
  close(): Promise<void>;
}

// What is not marked stays private.
export {};
