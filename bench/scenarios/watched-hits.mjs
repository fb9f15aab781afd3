import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadCpuNs } from '../harness/clocks.mjs';
import { reusedKeys, values } from '../harness/fixtures.mjs';

const KEYS = 1_000;
const PER_SECOND = 50_000;
const STEP_MS = 5;

/** Hits at a steady rate, for a time. Returns how many there were. */
async function hit(cache, keys, durationMs) {
  const started = performance.now();
  let done = 0;
  let sum = 0;
  for (let elapsed = 0; elapsed < durationMs; elapsed = performance.now() - started) {
    for (const due = (elapsed * PER_SECOND) / 1000; done < due; done++) sum += (await cache.get(keys[done % KEYS])).id;
    await sleep(STEP_MS);
  }
  const whole = Math.floor(done / KEYS);
  const rest = done % KEYS;
  assert.equal(sum, (whole * KEYS * (KEYS - 1)) / 2 + (rest * (rest - 1)) / 2, 'a hit returned a wrong value');
  return done;
}

/** The share of the JavaScript thread that hits at a steady rate take, in percent. */
async function measure({ create }, { warmUpMs, measureMs }) {
  const cache = await create({ capacity: KEYS });
  const keys = reusedKeys(KEYS);
  const stored = values(KEYS);
  for (let id = 0; id < KEYS; id++) await cache.set(keys[id], stored[id]);
  try {
    await hit(cache, keys, warmUpMs);
    const [cpuBefore, started] = [threadCpuNs(), performance.now()];
    const operations = await hit(cache, keys, measureMs * 5);
    const elapsedNs = (performance.now() - started) * 1e6;
    const value = ((threadCpuNs() - cpuBefore) / elapsedNs) * 100;
    return { value, p10: value, p90: value, samples: 1, operations };
  } finally {
    await cache.close?.();
  }
}

export default {
  name: 'watched-hits',
  unit: '% of the thread',
  needs: ['get', 'set'],
  waits: true,
  rows: [
    {
      id: 'watched-hits/50000',
      title: 'L1 hits, 50,000 a second: what they and the dashboard take of the JavaScript thread',
      params: {},
      quick: true,
      among: ['ours', 'ours-dashboard', 'ours-tab'],
    },
  ],
  measure,
};
