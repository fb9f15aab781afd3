export * from './types/cache.js';
export * from './types/event-bus.js';
export * from './types/observability.js';
