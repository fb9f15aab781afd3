export type * from './bus.js';
export type * from './bus-options.js';
export * from './buses.js';
export * from './bus-codec.js';
