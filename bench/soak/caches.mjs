import { LazyLayersCache, MemoryStore } from '../../index.mjs';

/** A custom second layer over a Map: it fulfils the contract of a store, and nothing more. */
class TestStore {
  #entries = new Map();
  get = async (key) => this.#entries.get(key);
  set = async (key, value) => void this.#entries.set(key, value);
  has = async (key) => this.#entries.has(key);
  delete = async (key) => void this.#entries.delete(key);
  size = async () => this.#entries.size;
  clear = async () => this.#entries.clear();
  deleteByPattern = async () => this.#entries.clear();
  getOrSet = async (key, loader) => this.#entries.get(key) ?? loader({});
}

const quiet = { enabled: false };

/** The ways a cache is set up in the soak run, by name. All are small, so that they evict all the time. */
export const setups = {
  lru: () => new LazyLayersCache({ logging: quiet, levels: { L1: { maxEntries: 1_000 } } }),
  tinylfu: () => new LazyLayersCache({ logging: quiet, levels: { L1: { maxEntries: 1_000, policy: 'tinylfu' } } }),
  'lru in bytes': () =>
    new LazyLayersCache({ logging: quiet, levels: { L1: { maxEntries: 5_000, maxBytes: 200_000 } } }),
  'tinylfu in bytes': () =>
    new LazyLayersCache({
      logging: quiet,
      levels: { L1: { maxEntries: 5_000, maxBytes: 200_000, policy: 'tinylfu' } },
    }),
  resilient: () =>
    new LazyLayersCache({
      logging: quiet,
      ttlMs: 20,
      levels: { L1: { maxEntries: 1_000 } },
      failSafe: { enabled: true, staleTtlMs: 50 },
      negativeCache: { ttlMs: 10, maxEntries: 200 },
      timeouts: { softMs: 2, hardMs: 5 },
      inflight: { maxEntries: 8 },
      versioning: { enabled: true },
      events: [() => {}],
    }),
  'two layers': () => new LazyLayersCache({ logging: quiet, levels: { L1: { maxEntries: 500 } }, l2: new TestStore() }),
  'memory store': () => new MemoryStore({ levels: { L1: { maxEntries: 1_000 } } }),
};
