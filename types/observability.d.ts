import type {
  ConfigSnapshot,
  InspectorDeps,
  ObservabilityHandler,
  ObservabilityHandlerDeps,
  ObservabilityOptions,
  ObservabilityRequestHandler,
  ObservabilityServerHandle,
  OverviewSnapshot,
  ProcessHealth,
  PrometheusGauges,
  RecordedEvent,
  ResolvedObservabilityOptions,
  StartObservabilityServerOptions,
} from './dashboard.js';
import type { CacheEvent, CacheEventHandler } from './events.js';
import type { StoreInspection, StoreInspectOptions } from './inspect.js';

export type * from './dashboard.js';
export type { CacheEvent, CacheEventHandler } from './events.js';
export type * from './tracing.js';

/** The channel of `node:diagnostics_channel` that carries the events of all caches of the process. */
export declare const TELEMETRY_CHANNEL_NAME: 'lazycache:cache:event';

/**
 * Calls `handler` with the events of all caches of this thread. Errors that it throws, or rejects with, are logged and
 * go nowhere else.
 * @returns a function that ends the subscription; calling it again does nothing
 * @throws TypeError with code `INVALID_ARGUMENT` when `handler` is not a function
 */
export declare function subscribeTelemetry(handler: (event: CacheEvent) => unknown): () => void;

/** Puts an event on the channel, as caches do with theirs. Does nothing while nobody has subscribed. */
export declare function publishTelemetry(event: CacheEvent): void;

/** Whether anybody has subscribed to the channel, by `subscribeTelemetry` or by `node:diagnostics_channel` itself. */
export declare function hasTelemetrySubscribers(): boolean;

/** Counts events, and keeps the last of them. */
export declare class ObservabilityCollector {
  /** @param maxEvents how many events are kept, at least 1 */
  constructor(maxEvents: number);

  /** Takes an event. Bound: `cache.on(collector.handle)`. */
  readonly handle: CacheEventHandler;

  /**
   * Calls `listener` with every event from now on. Errors that it throws are ignored.
   * @returns a function that ends the subscription
   */
  subscribe(listener: (event: RecordedEvent) => void): () => void;

  /** The events that are kept, oldest first. */
  recentEvents(): RecordedEvent[];

  /** The counts. */
  overview(): OverviewSnapshot;
}

/** Looks into the layers of a cache, and says how it is made. */
export declare class ObservabilityInspector {
  constructor(deps: InspectorDeps);

  /** One page of L1; `null` when there is none, or it has no `inspect`. */
  inspectL1(options?: StoreInspectOptions): Promise<StoreInspection | null>;

  /** One page of L2; `null` when there is none, or it has no `inspect`. */
  inspectL2(options?: StoreInspectOptions): Promise<StoreInspection | null>;

  /** How many entries the layers have. One that throws is left out. */
  sizes(): Promise<PrometheusGauges>;

  /** How the cache is made, without secrets. */
  config(): Promise<ConfigSnapshot>;
}

/** A handler of the dashboard, of parts that may be objects of your own. It never throws. */
export declare function createObservabilityHandler(deps: ObservabilityHandlerDeps): ObservabilityHandler;

/** A server of Node.js around a handler. It does not keep the process alive, unless `handle.server.ref()` is called. */
export declare function startObservabilityServer(
  handler: ObservabilityRequestHandler,
  options: StartObservabilityServerOptions,
): ObservabilityServerHandle;

/** The page, whose files are below `base`. */
export declare function renderDashboard(base: string): string;

/** The metrics of a collector in the text format of Prometheus. Sizes that are not given are left out. */
export declare function renderPrometheus(
  collector: { overview(): OverviewSnapshot },
  prefix: string,
  gauges?: PrometheusGauges,
): string;

/**
 * Options with all that was not given: an option, else the environment, else the default.
 * @throws TypeError or RangeError with code `INVALID_OPTION`, naming the option, its value and the allowed ones
 */
export declare function resolveObservabilityOptions(
  options?: boolean | ObservabilityOptions,
): ResolvedObservabilityOptions;

/** A route with one slash before it, without spaces around it and one slash behind it. */
export declare function normalizeRoute(route: string): string;

/**
 * The metrics of all caches of the process, in all threads, in the text format of Prometheus.
 * @param options `prefix`: before every name. Default: `lazycache`
 * @throws TypeError with code `INVALID_ARGUMENT` when `prefix` begins no name of a metric, or for other options
 */
export declare function metrics(options?: { prefix?: string | undefined }): string;

/** The health of the caches of the process, in all threads. */
export declare function health(): ProcessHealth;
