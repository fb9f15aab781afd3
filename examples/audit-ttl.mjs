/**
 * How stale answers are, by their age: 500 prices of which each changes every ten minutes on average, read for an hour
 * through a cache that keeps them for an hour. One hit of twenty is audited.
 *
 *     node examples/audit-ttl.mjs
 */
import { LazyLayersCache } from 'lazy-layers-cache';
import { manualClock } from 'lazy-layers-cache/testing';

const KEYS = 500;
const CHANGES_EVERY_MS = 600_000;

const clock = manualClock();
const cache = new LazyLayersCache({ ttlMs: 3_600_000, audit: { rate: 0.05, maxConcurrent: 100 } });
const prices = Array.from({ length: KEYS }, () => 1);

for (let second = 0; second < 3600; second += 1) {
  for (let key = 0; key < KEYS; key += 1) if (Math.random() < 1000 / CHANGES_EVERY_MS) prices[key] += 1;
  for (let read = 0; read < 20; read += 1) {
    const key = Math.floor(Math.random() * KEYS);
    await cache.getOrSet(`price:${key}`, () => prices[key]);
  }
  await clock.advance(1000);
  await cache.drain();
}

const { auditAges } = cache.stats();
for (const { upToMs, fresh, stale } of auditAges.filter(({ fresh, stale }) => fresh + stale > 0)) {
  const share = ((100 * stale) / (fresh + stale)).toFixed(1);
  console.log(`up to ${upToMs / 1000} s: ${share} % of ${fresh + stale} audited hits were stale`);
}
clock.restore();
await cache.close();
