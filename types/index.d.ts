// All types of the package, and none of its values but the guard of one type.

export type * from './advice.js';
export type * from './bus.js';
export type * from './bus-options.js';
export type * from './dashboard.js';
export type { StoreDefinition } from './define-store.js';
export type * from './entry.js';
export type * from './events.js';
export type * from './inspect.js';
export { isInspectableStore } from './inspect.js';
export type * from './loader.js';
export type * from './many.js';
export type * from './namespace.js';
export type * from './options.js';
export type * from './payloads.js';
export type * from './redis.js';
export type { CacheStats, NamespaceStats, ProcessCacheStats } from './stats.js';
export type * from './store.js';
export type * from './tracing.js';
export type * from './transport.js';
