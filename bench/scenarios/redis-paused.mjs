import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildKey, valueFor } from '../harness/fixtures.mjs';
import { quantile } from '../harness/statistics.mjs';

const LOAD_MS = 5;
/** A caller that has waited for this time has given up. */
const GIVES_UP_MS = 3000;
const CALLERS = 20;

/** Callers, one request after the other each, while the server stands still. */
async function callWhilePaused(cache, durationMs) {
  const latencies = [];
  const end = performance.now() + durationMs;
  let next = 0;
  const load = async () => {
    await sleep(LOAD_MS);
    return valueFor(1);
  };
  const caller = async () => {
    while (performance.now() < end) {
      const started = performance.now();
      const answer = cache.getOrSet(buildKey(`paused-${next++}`), load).catch(() => undefined);
      await Promise.race([answer, sleep(GIVES_UP_MS, undefined, { ref: false })]);
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return latencies;
}

/** How long callers wait while Redis is there and does not answer. The server is this run's own. */
async function measure({ create, redisPid }, { measureMs }) {
  const cache = await create({ capacity: 1000 });
  await cache.getOrSet(buildKey('before'), async () => valueFor(0));
  process.kill(redisPid, 'SIGSTOP');
  try {
    const latencies = await callWhilePaused(cache, measureMs * 20);
    assert.ok(latencies.length >= CALLERS);
    const value = quantile(latencies, 0.99);
    return {
      value,
      p10: value,
      p90: value,
      samples: latencies.length,
      operations: latencies.length,
      p50Us: quantile(latencies, 0.5) * 1000,
    };
  } finally {
    process.kill(redisPid, 'SIGCONT');
  }
}

export default {
  name: 'redis-paused',
  layer: 'redis',
  unit: 'ms',
  needs: ['getOrSet'],
  rows: [
    {
      id: 'redis-paused',
      title: `Redis stands still, 20 callers, a loader of ${LOAD_MS} ms: what 99 of 100 wait at most (they give up after 3 s)`,
      params: {},
      quick: true,
    },
  ],
  measure,
};
