import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { reusedKeys, shuffledIndexes, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';
import { quantile } from '../harness/statistics.mjs';

const KEYS = 1000;

/** Reads every key a number of times, `inFlight` reads at a time, and notes how long each read took. */
async function readAll(cache, keys, order, inFlight, latencies) {
  let next = 0;
  const worker = async () => {
    while (next < order.length) {
      const id = order[next++];
      const started = performance.now();
      const value = await cache.get(keys[id]);
      latencies.push(performance.now() - started);
      assert.equal(value.id, id, 'a hit returned a wrong value');
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function measure({ create, inFlight, redisPort }, budget) {
  const cache = await create({ capacity: KEYS, redisPort });
  const keys = reusedKeys(KEYS);
  await Promise.all(values(KEYS).map((value, id) => cache.set(keys[id], value)));
  const passes = inFlight === 1 ? 1 : 10;
  const order = Array.from({ length: passes }, () => [...shuffledIndexes(KEYS)]).flat();
  let latencies = [];
  const result = await measureWallTime(async () => {
    // Drops the latencies of the warm-up: most of those that are kept are of batches that count.
    if (latencies.length > 50 * order.length) latencies = [];
    await readAll(cache, keys, order, inFlight, latencies);
    return order.length;
  }, budget);
  await cache.close?.();
  return { ...result, p50Us: quantile(latencies, 0.5) * 1000, p99Us: quantile(latencies, 0.99) * 1000 };
}

const row = (inFlight, quick) => ({
  id: `redis-hit/${inFlight}`,
  title: `hit in Redis, 200 B, ${inFlight === 1 ? 'one at a time' : `${inFlight} in flight`}, per operation`,
  params: { inFlight },
  quick,
});

export default {
  name: 'redis-hit',
  layer: 'redis',
  unit: 'ns',
  waits: true,
  needs: ['get', 'set'],
  rows: [row(1, false), row(100, true), row(1000, false)],
  measure,
};
