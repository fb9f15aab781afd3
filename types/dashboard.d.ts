// The shapes of the dashboard and its metrics.

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
  /**
   * Names that a request may have as its `Host`, beside addresses, `localhost` and `host`; `*` is any. Others are
   * refused, so that no page of another site reaches the dashboard by a name that leads here. Default: none.
   */
  allowedHosts?: readonly string[] | undefined;
}

/** The logins of the dashboard. */
export interface ObservabilityAuthOptions {
  /** Default: `lazydev`. */
  username?: string | undefined;
  /** Default: `lazydev`. */
  password?: string | undefined;
  /** Another way in, beside name and password: `Authorization: Bearer`, or `?token=`. Default: none. */
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
  /** `hidden`: values are not shown, only their sizes. Default: `shown`. */
  values?: 'shown' | 'hidden' | undefined;
  /**
   * Returns the part of a value that is shown. If it throws, or returns a promise, the value is not shown. Default: the
   * value.
   */
  redact?: ((key: string, value: unknown) => unknown) | undefined;
  /** `true`: everybody with access to the dashboard may delete and expire entries there. Default: `false`. */
  actions?: boolean | undefined;
}

/** The options of the dashboard, with the defaults of those that were not given. */
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
  /** This and the next three are present if they were given. */
  values?: 'shown' | 'hidden';
  redact?: (key: string, value: unknown) => unknown;
  actions?: boolean;
  allowedHosts?: readonly string[];
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

/** The counts of a cache. */
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
  > & { broadcastSet?: boolean | undefined };
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

/** A layer, perhaps with `inspect`. */
type Inspected = Partial<InspectableStore> & { size?(): number | Promise<number> };

/** The parts of a cache that its inspector needs. */
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

/** Collects the events of a cache, as an `ObservabilityCollector` does. */
export interface EventCollector {
  readonly handle: CacheEventHandler;
  subscribe(listener: (event: RecordedEvent) => void): () => void;
  recentEvents(): RecordedEvent[];
  overview(): OverviewSnapshot;
}

/** Looks into a cache, as an `ObservabilityInspector` does. */
export interface CacheInspector {
  /** `null`: there is no such layer, or it cannot be looked into. */
  inspectL1(options?: StoreInspectOptions): Promise<StoreInspection | null>;
  inspectL2(options?: StoreInspectOptions): Promise<StoreInspection | null>;
  sizes(): Promise<PrometheusGauges>;
  config(): Promise<ConfigSnapshot>;
}

/** The parts of a handler. */
export interface ObservabilityHandlerDeps {
  collector: EventCollector;
  inspector: CacheInspector;
  options: ResolvedObservabilityOptions;
}

/** As much of a request of `node:http` as is needed. */
export interface ObservabilityRequest {
  url?: string | undefined;
  method?: string | undefined;
  headers: { authorization?: string | undefined };
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** As much of a response of `node:http` as is needed. */
export interface ObservabilityResponse {
  readonly headersSent: boolean;
  readonly writable: boolean;
  readonly writableEnded: boolean;
  writeHead(status: number, headers?: any): unknown;
  write(chunk: any): boolean;
  end(chunk?: any): unknown;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** Answers requests for the dashboard. Returns whether the request was one; it does not touch others. */
export type ObservabilityRequestHandler = {
  handle(request: ObservabilityRequest, response: ObservabilityResponse): boolean;
}['handle'];

/** As much of a `Request` as is needed. */
export interface ObservabilityWebRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: { get(name: string): string | null };
  readonly signal?: any;
}

/** The `Response` of the platform, where its types are known. */
export type ObservabilityWebResponse = typeof globalThis extends { fetch(...args: any): Promise<infer R> }
  ? R
  : unknown;

/** The handler of this package. It also serves frameworks that pass `next`, and `Request` objects. */
export interface ObservabilityHandler {
  /** Returns whether the request was for the dashboard; calls `next`, if it is given, when it was not. */
  (request: ObservabilityRequest, response: ObservabilityResponse, next?: (error?: any) => void): boolean;
  /** The response to a `Request`; `undefined` when it is not for the dashboard. */
  handle(request: ObservabilityWebRequest): Promise<ObservabilityWebResponse | undefined>;
}

/** Where the server of a handler listens. */
export interface StartObservabilityServerOptions {
  host: string;
  port: number;
  route: string;
}

/** As much of a server of `node:http` as is of use. Its events are `listening`, `close` and `error`. */
export interface ObservabilityServer {
  readonly listening: boolean;
  address(): unknown;
  close(callback?: (error?: Error) => void): unknown;
  closeAllConnections(): void;
  on(event: string, listener: (...args: any[]) => void): unknown;
  once(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
  /** Makes it keep the process alive, which it does not do by default. */
  ref(): unknown;
  unref(): unknown;
}

/** A server of the dashboard that runs. */
export interface ObservabilityServerHandle {
  server: ObservabilityServer;
  host: string;
  /** Where it listens: not 0, once it does. */
  readonly port: number;
  readonly url: string;
  /** Ends it; again, it does nothing. */
  close(): Promise<void>;
}

/** How the caches of the process are. */
export interface ProcessHealth {
  /** `degraded`: a circuit is not closed. `stalled`: an event loop has not turned for more than a second. */
  status: 'ok' | 'degraded' | 'stalled';
  /** The longest time for which an event loop has not turned; 0 for less than 50 ms. */
  eventLoopStalledSeconds: number;
  /** Since the first dashboard, or the first call. */
  uptimeSeconds: number;
  caches: {
    id: string;
    /** Its `name`; empty without one. */
    name: string;
    /** The state of the circuit around L2; `null` without L2. */
    l2: 'closed' | 'open' | 'half-open' | null;
    /** The state of the circuit around the bus; `null` without a bus. */
    bus: 'closed' | 'open' | 'half-open' | null;
    /** `null` where it is not measured: no cache of that thread has a dashboard. */
    eventLoopStalledSeconds: number | null;
  }[];
}

// Declarations without `export` stay private.
export {};
