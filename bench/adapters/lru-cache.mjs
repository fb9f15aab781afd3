import { LRUCache } from 'lru-cache';

const TTL_MS = 3_600_000;

/**
 * The floor: the least an asynchronous cache in JavaScript can do. One async function per operation, concurrent loads
 * of a key shared through a Map.
 */
function create({ capacity, ttlMs = TTL_MS }) {
  const entries = new LRUCache({ max: capacity, ttl: ttlMs });
  const loads = new Map();

  async function loadAndStore(key, load) {
    try {
      const value = await load();
      entries.set(key, value);
      return value;
    } finally {
      loads.delete(key);
    }
  }

  return {
    get: async (key) => entries.get(key),
    set: async (key, value) => void entries.set(key, value),
    has: async (key) => entries.has(key),
    getOrSet: async (key, load) => {
      const stored = entries.get(key);
      if (stored !== undefined) return stored;
      const running = loads.get(key);
      if (running !== undefined) return running;
      const started = loadAndStore(key, load);
      loads.set(key, started);
      return started;
    },
  };
}

/** How 0.4.0 is built: a cache of asynchronous functions over a store of asynchronous functions. */
function createTwoHops(options) {
  const store = create(options);
  return {
    get: async (key) => await store.get(key),
    set: async (key, value) => {
      await store.set(key, value);
    },
  };
}

export const variants = { 'lru-cache': create, 'lru-cache-two-hops': createTwoHops };
