// Compiled, never run: a library that exports what it gets from the package, without types of its own.

import {
  createCache,
  createObservabilityHandler,
  defineStore,
  defineTransport,
  health,
  type ObservabilityHandlerDeps,
  processStats,
  RedisEventBus,
} from 'lazy-layers-cache';
import { instrument } from 'lazy-layers-cache/otel';
import { manualClock, storeContract } from 'lazy-layers-cache/testing';

declare const deps: ObservabilityHandlerDeps;

export const cache = createCache({ observability: true });
export const handle = cache.getObservabilityServer();
export const server = handle?.server;
export const handler = createObservabilityHandler(deps);
export const response = handler.handle(new Request('http://localhost/'));
export const { collector, inspector, options } = deps;
export const answer = (...[request, reply]: Parameters<typeof handler>) => [request, reply];
export const name = cache.wrap(async (id: number) => String(id), { key: String });
export const users = cache.namespace<string>('users');
export const store = defineStore<number>({ get: () => 1, set() {}, delete() {}, keys: () => [] });
export const Bus = defineTransport<{ url: string }>({ name: 'x', connect: () => ({ publish() {}, close() {} }) });
export const bus = new Bus({ url: 'x' });
export const busHealth = bus.healthCheck();
export const redisHealth = new RedisEventBus('redis://localhost', 'c').healthCheck();
export const entry = cache.getOrSetEntry('k', () => 1);
export const many = cache.getMany(['k'], () => [1]);
export const stats = [cache.stats(), processStats(), health(), cache.advice()];
export const cases = storeContract(() => store);
export const ends = [instrument(), manualClock()];
export class Derived extends Bus {}
