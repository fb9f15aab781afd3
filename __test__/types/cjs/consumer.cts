// A CommonJS program in TypeScript.

import { createCache, LazyLayersCache, MemoryStore, TELEMETRY_CHANNEL_NAME } from 'lazy-layers-cache';
import cacheEntry = require('lazy-layers-cache/cache');
import observability = require('lazy-layers-cache/observability');
import type { EventBus, InvalidationEvent } from 'lazy-layers-cache/event-bus';
import type { CacheEvent, LazyLayersCacheOptions } from 'lazy-layers-cache/types';

const options: LazyLayersCacheOptions<string, number> = { l1: new MemoryStore<string, number>() };
const cache: cacheEntry.LazyLayersCache<string, number> = new LazyLayersCache(options);
const same: boolean = cache instanceof cacheEntry.HybridCache;
const seen: CacheEvent[] = [];
observability.subscribeTelemetry((event) => void seen.push(event));

async function main(bus: EventBus, event: InvalidationEvent) {
  const count: number = await cache.getOrSet('count', async ({ signal } = {}) => (signal.aborted ? 0 : 1));
  await bus.publish(event);
  await createCache().close();
  return [count, same, TELEMETRY_CHANNEL_NAME];
}

export = main;
