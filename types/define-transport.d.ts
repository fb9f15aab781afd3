import type { DefinedEventBusClass, Transport } from './transport.js';

/**
 * Makes a class of event buses from a way to carry bytes. Such a bus has the abilities of the builtin ones: events that
 * are published while there is no connection wait and are sent in order; it connects again by itself; it notices missed
 * events, after which L1 is emptied; a heartbeat every 1 to 10 seconds tells the others that it is there.
 *
 * Throws a TypeError or RangeError that names the fault of the transport.
 */
export declare function defineTransport<Options extends object = Record<string, unknown>>(
  transport: Transport<Options>,
): DefinedEventBusClass<Options>;
