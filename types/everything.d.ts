export * from './cache.js';
export * from './event-bus.js';
export * from './observability.js';
