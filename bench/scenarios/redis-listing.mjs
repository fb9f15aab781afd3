import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { listing } from '../harness/listing.mjs';
import { median, quantile } from '../harness/statistics.mjs';
import { watched } from '../harness/turns.mjs';

async function measure({ create, operation, unique, redisPort }, { warmUpMs, measureMs, minBatches }) {
  const cache = await create({ capacity: 10, redisPort });
  const value = listing({ unique });
  await cache.set('listing', value);
  const act = {
    get: async () => assert.equal((await cache.get('listing')).items.length, value.items.length),
    set: () => cache.set('listing', value),
  }[operation];
  const runs = [];
  const start = performance.now();
  const enough = () => performance.now() > start + (warmUpMs + measureMs) * 3 && runs.length >= minBatches + 3;
  while (!enough()) {
    runs.push(await watched(act));
  }
  await cache.close?.();
  const counted = runs.slice(3);
  const longest = counted.map((run) => run.longest);
  return {
    value: median(longest),
    p10: quantile(longest, 0.1),
    p90: quantile(longest, 0.9),
    samples: counted.length,
    operations: counted.length,
    latencyMs: median(counted.map((run) => run.tookMs)),
  };
}

const row = (operation, unique, quick) => ({
  id: `redis-listing/${operation}${unique ? '-unique' : ''}`,
  title: `${operation} of a listing of 1 MB in Redis${unique ? ', with ids that do not compress' : ''}: the longest turn of the event loop`,
  params: { operation, unique },
  quick,
});

export default {
  name: 'redis-listing',
  layer: 'redis',
  unit: 'ms',
  needs: ['get', 'set'],
  rows: [row('get', false, true), row('set', false, true), row('get', true, false), row('set', true, false)],
  measure,
};
