import type { EventBus } from './bus.js';
import type { DistributedLock, LayerStore } from './store.js';

/** A case of a contract: a name, and a function that rejects if it does not hold. */
export interface ContractCase {
  name: string;
  run(): Promise<void>;
}

/** How a bus is tested. An option of another name is refused, as a misspelt `interrupt` would leave out a case. */
export interface BusContractOptions {
  /**
   * Breaks the connections of all buses, calls `meanwhile` and waits for it, and lets them connect again. With it one
   * more case is run.
   */
  interrupt?: ((meanwhile: () => Promise<void>) => unknown) | undefined;
  /** Whether the broker keeps events for absent instances: an interruption is no gap then. Default: `false`. */
  isDurable?: boolean | undefined;
}

/**
 * The contract that caches rely on in an event bus, as cases for any test runner:
 *
 * ```js
 * for (const { name, run } of busContract(() => new MyEventBus(url))) test(name, run);
 * ```
 *
 * `factory` makes another bus each time, all on one channel that nobody else uses. A case connects and disconnects its
 * buses, if they have these methods, and waits at most 15 seconds for each expected event.
 */
export declare function busContract(
  factory: () => EventBus | Promise<EventBus>,
  options?: BusContractOptions,
): ContractCase[];

/**
 * The contract that caches rely on in a store, as cases for any test runner:
 *
 * ```js
 * for (const { name, run } of storeContract(() => new MyStore(url))) test(name, run);
 * ```
 *
 * `factory` makes an empty store each time, with keys that nobody else uses. A case calls `close()` at its end, if
 * there is such a method, tries locks only where there are both methods, and waits 15 seconds at most for a lifetime to
 * end.
 */
export declare function storeContract(factory: () => StoreUnderTest | Promise<StoreUnderTest>): ContractCase[];

/** A store that the contract is run on. */
export type StoreUnderTest = LayerStore<string, any> & Partial<DistributedLock> & { close?(): unknown };

/** A clock that moves by hand alone. */
export interface ManualClock {
  /** Its time, in milliseconds since 1970. */
  now(): number;
  /**
   * Moves it forward, and calls the timers that are due meanwhile, in order: those of the test, and those of caches
   * (limits of loads, waits for locks). Before the first, after each and at the end the event loop turns once, so that
   * promises settle.
   * @param ms a number from 0 on
   */
  advance(ms: number): Promise<void>;
  /** Puts the real clock back. Timers that were started meanwhile are forgotten. */
  restore(): void;
}

/**
 * Replaces `Date`, `performance.now`, `setTimeout`, `setInterval` and their `clear…` by a clock that stands still
 * until it is moved: lifetimes and limits of all caches of this realm follow it. Promises, `setImmediate`, sockets and
 * functions of `node:timers` stay as they are.
 *
 * @param options `now`: its time at first, in milliseconds since 1970. Default: the time of the real clock
 * @throws TypeError with code `INVALID_ARGUMENT` while another one is in place
 */
export declare function manualClock(options?: { now?: number | undefined }): ManualClock;
