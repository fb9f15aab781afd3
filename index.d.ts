export * from './types/cache.js';
export type * from './types/event-bus.js';
export * from './types/observability.js';
