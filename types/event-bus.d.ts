export type * from './bus.js';
export type * from './bus-options.js';
export type * from './transport.js';
export * from './buses.js';
export * from './define-transport.js';
export * from './bus-codec.js';
