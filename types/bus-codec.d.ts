import type { InvalidationEvent } from './bus.js';
import type { NodeBuffer } from './payloads.js';

/**
 * The payload of an event as the buses of this package, and those of 0.4.0, send it: for a bus of your own that reaches
 * them.
 */
export declare function encodeInvalidationEvent(event: InvalidationEvent): NodeBuffer;

/** The event of such a payload; `null` for bytes that hold none. */
export declare function decodeInvalidationEvent(bytes: Uint8Array): InvalidationEvent | null;
