// Caches in memory with different policies of eviction. Each is made for a number of entries, and has `get` and `set`.
import { LRUCache } from 'lru-cache';
import { SieveCache } from '@neophi/sieve-cache';
import { newCache } from 'transitory';

import { MemoryStore } from '../../index.mjs';

const ours = (policy) => (maxEntries) => new MemoryStore({ levels: { L1: { maxEntries, policy } } });

export const CACHES = {
  'ours, lru': ours('lru'),
  'ours, s3fifo': ours('s3fifo'),
  'ours, tinylfu': ours('tinylfu'),
  'lru-cache': (max) => new LRUCache({ max }),
  '@neophi/sieve-cache': (max) => new SieveCache(max),
  transitory: (max) => {
    const cache = newCache().maxSize(max).build();
    return { get: (key) => cache.getIfPresent(key) ?? undefined, set: (key, value) => cache.set(key, value) };
  },
};

/** The share of requests that a cache answers, in percent. A missing key is stored. */
export async function hitRatio(create, entries, keys) {
  const cache = create(entries);
  let hits = 0;
  for (const key of keys) {
    if ((await cache.get(key)) === undefined) await cache.set(key, 1);
    else hits += 1;
  }
  await cache.close?.();
  return (hits / keys.length) * 100;
}
