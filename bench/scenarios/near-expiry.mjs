import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { reusedKeys, turnOfTheLoop, valueFor } from '../harness/fixtures.mjs';
import { quantile } from '../harness/statistics.mjs';

/** Reads through entries that are about to expire and are loaded anew in the background: how long callers wait. */
async function measure({ create, liveKeys, ttlMs, refreshAhead }, { warmUpMs, measureMs }) {
  const keys = reusedKeys(liveKeys);
  let loads = 0;
  const load = async () => {
    loads++;
    await turnOfTheLoop();
    return valueFor(0);
  };
  const cache = await create({ capacity: liveKeys * 2, ttlMs, refreshAhead, load });
  for (const key of keys) await cache.getOrSet(key, load);
  const warm = performance.now() + warmUpMs;
  const end = warm + measureMs * 3;
  const latencies = [];
  for (let at = 0, began = performance.now(); began < end; began = performance.now(), at++) {
    const value = await cache.getOrSet(keys[at % liveKeys], load);
    if (began > warm) latencies.push((performance.now() - began) * 1e6);
    assert.equal(value.id, 0);
    if ((at & 63) === 0) await turnOfTheLoop();
  }
  const [p10, p50, p90, p99] = [0.1, 0.5, 0.9, 0.99].map((q) => quantile(latencies, q));
  return { value: p99, p10, p90, samples: latencies.length, operations: latencies.length, p50Ns: p50, loads };
}

export default {
  name: 'near-expiry',
  unit: 'ns',
  needs: ['getOrSet'],
  rows: [
    {
      id: 'near-expiry/100',
      title: 'hits of 100 entries that live 20 ms and are loaded anew from half of that on: p99',
      params: { liveKeys: 100, ttlMs: 20, refreshAhead: 0.5 },
      among: ['ours'],
      quick: true,
    },
    {
      id: 'near-expiry/off',
      title: 'the same entries without refreshAhead, and with lives of an hour: p99',
      params: { liveKeys: 100, ttlMs: 3_600_000 },
      among: ['ours', 'lru-cache'],
      quick: true,
    },
  ],
  measure,
};
