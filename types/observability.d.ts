import type { CacheEvent, CacheEventHandler } from './events.js';

export type * from './dashboard.js';
export type { CacheEvent, CacheEventHandler } from './events.js';

/** The channel of `node:diagnostics_channel` that carries the events of all caches of the process. */
export declare const TELEMETRY_CHANNEL_NAME: 'lazycache:cache:event';

/**
 * Has the events of all caches of this thread given to `handler`. What it throws, or what a promise that it gives
 * rejects with, is logged and goes nowhere else.
 * @returns what ends the subscription; calling it again does nothing
 * @throws TypeError with code `INVALID_ARGUMENT` when `handler` is not a function
 */
export declare function subscribeTelemetry(handler: CacheEventHandler): () => void;

/** Puts an event on the channel, as caches do with theirs. Does nothing while nobody has subscribed. */
export declare function publishTelemetry(event: CacheEvent): void;

/** Whether anybody has subscribed to the channel, by `subscribeTelemetry` or by `node:diagnostics_channel` itself. */
export declare function hasTelemetrySubscribers(): boolean;
