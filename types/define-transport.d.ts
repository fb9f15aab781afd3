import type { DefinedEventBusClass, Transport } from './transport.js';

/**
 * Makes a class of event buses of a way to carry bytes. Such a bus can do what those of this package can: what is sent
 * while there is no connection waits and is sent in order; it connects again by itself; what was missed is noticed, and
 * L1 is emptied then; a heartbeat once every 1 to 10 seconds tells the others that it is there.
 *
 * Throws a TypeError or RangeError that names what is wrong with the transport.
 */
export declare function defineTransport<Options extends object = Record<string, unknown>>(
  transport: Transport<Options>,
): DefinedEventBusClass<Options>;
