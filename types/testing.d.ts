import type { DistributedLock, LayerStore } from './store.js';

/** A case of a contract: a name, and a function that rejects if it does not hold. */
export interface ContractCase {
  name: string;
  run(): Promise<void>;
}

/**
 * What caches rely on in a store, as cases for any test runner:
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
