import type { InvalidationEvent } from './bus.js';
import type { NodeBuffer } from './payloads.js';

/**
 * The payload of an event as the buses of this package, and those of 0.4.0, send it. A bus of your own that uses it can
 * exchange events with them.
 */
export declare function encodeInvalidationEvent(event: InvalidationEvent): NodeBuffer;

/** The first event of such a payload; `null` for bytes that hold none. */
export declare function decodeInvalidationEvent(bytes: Uint8Array): InvalidationEvent | null;

/** All events of such a payload, in order: loaded values share one. Empty for bytes that hold none. */
export declare function decodeInvalidationEvents(bytes: Uint8Array): InvalidationEvent[];
