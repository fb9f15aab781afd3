// An ES module on its way into a bundle.

import { LazyLayersCache, type LazyLayersCacheOptions } from 'lazy-layers-cache';
import { CircuitBreaker, MemoryStore } from 'lazy-layers-cache/cache';
import { TELEMETRY_CHANNEL_NAME } from 'lazy-layers-cache/observability';
import type { EventBus } from 'lazy-layers-cache/event-bus';
import type { CacheEventHandler } from 'lazy-layers-cache/types';

interface Page {
  html: string;
}

export function pages(eventBus: EventBus, onEvent: CacheEventHandler) {
  const options: LazyLayersCacheOptions<string, Page> = { l1: new MemoryStore(), eventBus, events: [onEvent] };
  const cache = new LazyLayersCache<string, Page>(options);
  return (url: string): Promise<Page> =>
    cache.getOrSet(url, async ({ signal }) => ({ html: await (await fetch(url, { signal })).text() }));
}

export const names: string[] = [TELEMETRY_CHANNEL_NAME, new CircuitBreaker().currentState];
