// An ES module under the rules of Node.js.

import { createCache, LazyLayersCache, type LazyLayersCacheOptions } from 'lazy-layers-cache';
import { HybridCache, isInspectableStore, MemoryStore } from 'lazy-layers-cache/cache';
import { hasTelemetrySubscribers, publishTelemetry } from 'lazy-layers-cache/observability';
import type { DeleteEvent, EventBusHealth } from 'lazy-layers-cache/event-bus';
import type { CacheStore } from 'lazy-layers-cache/types';

const options: LazyLayersCacheOptions<string, number> = { l2: new MemoryStore<string, number>() };
const cache: HybridCache<string, number> = new LazyLayersCache(options);
const store: CacheStore<string, number> = cache;
const count: number = await cache.getOrSet('count', async ({ signal } = {}) => (signal.aborted ? 0 : 1));

if (hasTelemetrySubscribers()) publishTelemetry({ type: 'delete', key: count });
const typesAlone = await import('lazy-layers-cache/types');
// @ts-expect-error entry points of types have no values
typesAlone.LazyLayersCache();
const busTypesAlone = await import('lazy-layers-cache/event-bus');
// @ts-expect-error entry points of types have no values
busTypesAlone.EventBus();
// @ts-expect-error files that are no entry points are not reachable
await import('lazy-layers-cache/lib/cache.js');

export const health: EventBusHealth = { ok: isInspectableStore(store), transport: 'memory' };
export const event: DeleteEvent = { id: '1', type: 'del', source: 'here', ts: 0, keys: ['count'] };
await createCache().close();
