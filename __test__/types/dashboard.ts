// Compiled, never run: the types of the dashboard, each with the shape that it has.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  CircuitBreaker,
  ConfigSnapshot,
  InspectorDeps,
  MemoryStore,
  ObservabilityAuthOptions,
  ObservabilityCounters,
  ObservabilityHandlerDeps,
  ObservabilityOptions,
  ObservabilityPrometheusOptions,
  ObservabilityRequestHandler,
  ObservabilityServerHandle,
  ObservabilityServerOptions,
  OverviewSnapshot,
  PrometheusGauges,
  RecordedEvent,
  ResolvedObservabilityOptions,
  StartObservabilityServerOptions,
} from 'lazy-layers-cache';
import type { ObservabilityOptions as FromSubpath, StoreInspection } from 'lazy-layers-cache/types';
import type { ObservabilityOptions as FromDashboard } from 'lazy-layers-cache/observability';
import {
  createCache,
  createObservabilityHandler,
  health,
  metrics,
  normalizeRoute,
  ObservabilityCollector,
  ObservabilityInspector,
  renderDashboard,
  renderPrometheus,
  resolveObservabilityOptions,
  startObservabilityServer,
} from 'lazy-layers-cache';
import { same } from './support/assertions.js';

const cacheWith = createCache({ observability: { enabled: true } });

same<ObservabilityOptions, FromSubpath>();
same<ObservabilityOptions, FromDashboard>();

const server: ObservabilityServerOptions = { host: '127.0.0.1', port: 7077, autoStart: true };
const auth: ObservabilityAuthOptions = { username: 'u', password: 'p', token: process.env['TOKEN'], disabled: false };
const prometheus: ObservabilityPrometheusOptions = { enabled: true, prefix: 'lazycache', public: true };
export const options: ObservabilityOptions[] = [
  {
    enabled: true,
    route: '/observelazyily',
    server,
    auth,
    maxEvents: 1000,
    maxValueBytes: 262_144,
    prometheus,
    quiet: false,
  },
  { server: false },
];

const resolved: ResolvedObservabilityOptions = {
  enabled: true,
  route: '/',
  maxEvents: 1,
  maxValueBytes: 1,
  server: null,
  auth: { username: 'u', password: 'p', token: undefined, disabled: false },
  prometheus: { enabled: false, prefix: 'p', public: false },
  quiet: true,
};
same<NonNullable<ResolvedObservabilityOptions['server']>, { host: string; port: number; autoStart: boolean }>();

const counters: ObservabilityCounters = {
  hitsL1: 0,
  hitsL2: 0,
  missesL1: 0,
  missesL2: 0,
  missesNegative: 0,
  sets: 0,
  deletes: 0,
  deletePatterns: 0,
  loaderStart: 0,
  loaderSuccess: 0,
  loaderError: 0,
  loaderTimeout: 0,
  inflightReuse: 0,
  inflightBypass: 0,
  staleHit: 0,
  negativeSet: 0,
  l2Error: 0,
  l2Skipped: 0,
  eventBusPublishError: 0,
  eventBusPublishSkipped: 0,
  invalidationReceived: 0,
  invalidationDuplicate: 0,
  invalidationStale: 0,
  setReceived: 0,
  setBroadcast: 0,
  setBroadcastSkipped: 0,
};
const overview: OverviewSnapshot = {
  startedAt: 0,
  uptimeMs: 0,
  totalEvents: 0,
  bufferedEvents: 0,
  maxEvents: 0,
  hits: 0,
  misses: 0,
  hitRatio: 0,
  counters,
};
const recorded: RecordedEvent = { seq: 1, ts: 0, type: 'hit', data: { key: 'k', level: 'L1' } };
const config: ConfigSnapshot = {
  source: 's',
  route: '/',
  layers: {
    l1: { enabled: true, inspectable: true, maxEntries: 1, ttlMs: 1 },
    l2: { enabled: false, inspectable: false },
  },
  features: {
    inflight: { ttlMs: 1 },
    negativeCache: {},
    failSafe: {},
    timeouts: {},
    versioning: {},
    distributedLock: {},
    broadcastSet: true,
  },
  resilience: { l2CircuitBreaker: 'closed', eventBusCircuitBreaker: 'half-open' },
  eventBus: { configured: true, transport: 'redis', health: { ok: false, transport: 'redis', error: 'down' } },
  prometheus: { enabled: true, prefix: 'p', endpoint: '/metrics' },
  telemetry: { channel: 'lazycache:cache:event' },
};
const gauges: PrometheusGauges = { l1Size: 1 };

declare const l1: MemoryStore<string, number>;
declare const breaker: CircuitBreaker;
export const inspector: InspectorDeps = {
  l1,
  l2: false,
  options: { ttlMs: 1 },
  source: 's',
  route: '/',
  maxValueBytes: 1,
  l2CircuitBreaker: breaker,
  eventBusCircuitBreaker: breaker,
  prometheus: resolved.prometheus,
};

const page: StoreInspection | null = null;
export const deps: ObservabilityHandlerDeps = {
  collector: {
    handle: () => {},
    subscribe: (listener) => () => listener(recorded),
    recentEvents: () => [recorded],
    overview: () => overview,
  },
  inspector: {
    inspectL1: async () => page,
    inspectL2: async () => page,
    sizes: async () => gauges,
    config: async () => config,
  },
  options: resolved,
};

export const handler: ObservabilityRequestHandler = (request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200).end();
  return request.url === '/';
};
export const plain: boolean = handler(
  { url: '/', method: 'GET', headers: {}, on: () => {} },
  {
    headersSent: false,
    writable: true,
    writableEnded: false,
    writeHead: () => {},
    write: () => true,
    end: () => {},
    on: () => {},
  },
);
const collector = new ObservabilityCollector(1000);
export const unsubscribe: () => void = collector.subscribe(({ seq, ts, type, data }) => [seq, ts, type, data]);
export const inspected: Promise<StoreInspection | null> = new ObservabilityInspector(inspector).inspectL1({ limit: 1 });
const looks = new ObservabilityInspector(inspector);
export const made = createObservabilityHandler({ collector, inspector: looks, options: resolved });
export const asHandler: ObservabilityRequestHandler = made;
export const answered: Promise<Response | undefined> = made.handle(new Request('http://localhost/'));
export const rendered: string = renderDashboard(normalizeRoute('/x')) + renderPrometheus(collector, 'p', { l1Size: 1 });
const here: StartObservabilityServerOptions = { host: '127.0.0.1', port: 0, route: '/' };
export const handle: ObservabilityServerHandle = startObservabilityServer(made, here);
export const text: string = metrics({ prefix: 'app' }) + metrics({ prefix: undefined });
export const status: 'ok' | 'degraded' | 'stalled' = health().status;
export const more = resolveObservabilityOptions({
  values: 'hidden',
  redact: (key, value) => [key, value],
  actions: true,
  server: { allowedHosts: ['dash.internal'] },
});
cacheWith.on(collector.handle);

export const start: StartObservabilityServerOptions = { host: '127.0.0.1', port: 0, route: '/' };
export const describe = ({ host, port, url, server: { listening } }: ObservabilityServerHandle) => [
  host,
  port,
  url,
  listening,
];
export const close = (handle: ObservabilityServerHandle): Promise<void> => handle.close();
