import whole, { DEFAULT_CACHE_TTL_MS, LazyLayersCache, createCache, subscribeTelemetry } from 'lazy-layers-cache';
import type { LazyLayersCacheOptions } from 'lazy-layers-cache';
import { CircuitBreaker, HybridCache, MemoryStore, isInspectableStore } from 'lazy-layers-cache/cache';
import type { EventBus } from 'lazy-layers-cache/event-bus';
import { TELEMETRY_CHANNEL_NAME, hasTelemetrySubscribers, publishTelemetry } from 'lazy-layers-cache/observability';
import type { CacheEvent } from 'lazy-layers-cache/types';

interface User {
  id: string;
  name: string;
}

const options: LazyLayersCacheOptions<string, User> = {
  ttlMs: DEFAULT_CACHE_TTL_MS,
  levels: { L1: { policy: 'tinylfu' } },
};
const users = new LazyLayersCache<string, User>(options);
const asHybrid: HybridCache<string, User> = users;

async function load(): Promise<User | undefined> {
  await asHybrid.set('1', { id: '1', name: 'Ada' });
  const user = await users.getOrSet('1', async ({ signal }) => {
    signal.throwIfAborted();
    return { id: '1', name: 'Ada' };
  });
  console.log(user.name.length);
  return users.get('1');
}

// @ts-expect-error: a key is a string here
void users.get(1);
// @ts-expect-error: a value is a User
void users.set('1', 'Ada');
// @ts-expect-error: no such policy
void createCache({ levels: { L1: { policy: 'fifo' } } });

export const stop: () => void = subscribeTelemetry((event: CacheEvent) => console.log(event.type));
export const parts: unknown[] = [
  load,
  new CircuitBreaker({ failureThreshold: 3 }),
  hasTelemetrySubscribers(),
  publishTelemetry,
];
export const channel: string = TELEMETRY_CHANNEL_NAME;
export const inspectable: boolean = isInspectableStore(new MemoryStore());
export const same: { LazyLayersCache: typeof LazyLayersCache } = whole;
export const bus: EventBus | undefined = undefined;
