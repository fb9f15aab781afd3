import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { reusedKeys, turnOfTheLoop, valueFor } from '../harness/fixtures.mjs';
import { quantile } from '../harness/statistics.mjs';

const KEYS = 10_000;
const CALLERS = 32;

/** Numbers of keys, the n-th asked for 1 / n as often as the first (Zipf's law), the same in every process. */
function zipfian(count) {
  const sums = new Float64Array(KEYS);
  let sum = 0;
  for (let n = 0; n < KEYS; n++) sums[n] = sum += 1 / (n + 1);
  let state = 1;
  return Uint32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const wanted = (state / 2 ** 32) * sum;
    let [low, high] = [0, KEYS - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** A source that counts how often it is asked. */
function countingSource(keys) {
  const idOf = new Map(keys.map((key, id) => [key, id]));
  const source = {
    loads: 0,
    load: async (key) => {
      source.loads++;
      await turnOfTheLoop();
      return valueFor(idOf.get(key));
    },
  };
  return source;
}

/** Reads through under a skewed load, with entries that expire: how long callers wait, and how many loads there are. */
async function measure({ create, capacity, ttlMs }, { warmUpMs, measureMs }) {
  const keys = reusedKeys(KEYS);
  const source = countingSource(keys);
  // Some packages pass the key to the loader, the others get a new loader for each call.
  const cache = await create({ capacity, ttlMs, load: source.load });
  const order = zipfian(1 << 20);
  const warm = performance.now() + warmUpMs;
  const end = warm + measureMs * 3;
  const latencies = [];
  let next = 0;
  const caller = async () => {
    for (let began = performance.now(); began < end; began = performance.now()) {
      const id = order[next++ & (order.length - 1)];
      if (latencies.length === 0) source.loads = 0;
      const value = await cache.getOrSet(keys[id], () => source.load(keys[id]));
      if (began > warm) latencies.push(performance.now() - began);
      assert.equal(value.id, id, 'a key got the value of another');
      // Callers of a server come by way of the event loop.
      if ((next & 63) === 0) await turnOfTheLoop();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return outcome(latencies, source.loads);
}

function outcome(latencies, loads) {
  const microseconds = (q) => quantile(latencies, q) * 1000;
  const [p50Us, p99Us, p999Us] = [0.5, 0.99, 0.999].map(microseconds);
  const [p10, p90, calls] = [microseconds(0.1), microseconds(0.9), latencies.length];
  return { value: p50Us, p10, p90, samples: calls, operations: calls, p50Us, p99Us, p999Us, loadShare: loads / calls };
}

export default {
  name: 'zipf',
  unit: 'us',
  needs: ['getOrSet'],
  rows: [
    {
      id: 'zipf/1000-of-10000',
      title: 'read-through under a Zipf load, 10,000 keys, room for 1,000 that live a second, 32 callers: latency',
      params: { capacity: 1_000, ttlMs: 1_000 },
      quick: true,
    },
  ],
  measure,
};
