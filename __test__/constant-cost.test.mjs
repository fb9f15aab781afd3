import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { heldLoader } from './support/deferred.mjs';

/** The best of a few runs, in milliseconds: the delays of a busy machine are not the cost of the work. */
async function bestOf(runs, work) {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now();
    await work();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

/** The cost of a thousand calls of `has` while this number of entries is held. */
async function costOfHas(make, entries) {
  const held = make({ levels: { L1: { maxEntries: entries } }, ttlMs: 0 });
  for (let n = 0; n < entries; n += 1) await held.set(`k${n}`, n);
  return bestOf(7, async () => {
    for (let n = 0; n < 1_000; n += 1) await held.has(n % 2 === 0 ? `k${n % entries}` : 'absent');
  });
}

for (const [name, make] of [
  ['of a cache', (options) => new LazyLayersCache(options)],
  ['of a MemoryStore', (options) => new MemoryStore(options)],
]) {
  test(`has ${name} costs no more with many entries`, async () => {
    const few = await costOfHas(make, 100);
    const many = await costOfHas(make, 50_000);
    assert.ok(many < few * 20 + 5, `${few.toFixed(2)} ms with few entries, ${many.toFixed(2)} with many`);
  });
}

/** The cost of a thousand further loads while this number of loads is running. */
async function costOfLoads(running) {
  const cache = new LazyLayersCache({ inflight: { ttlMs: 600_000, maxEntries: 1_000_000 } });
  const held = heldLoader();
  const callers = Array.from({ length: running }, (_, n) => cache.getOrSet(`running ${n}`, held));
  await held.called;
  let run = 0;
  const cost = await bestOf(5, async () => {
    run += 1;
    for (let n = 0; n < 1_000; n += 1) await cache.getOrSet(`${run}:${n}`, () => n);
  });
  held.resolve(1);
  await Promise.all(callers);
  return cost;
}

test('a load costs no more while many others run', async () => {
  const few = await costOfLoads(10);
  const many = await costOfLoads(20_000);
  assert.ok(many < few * 20 + 5, `${few.toFixed(2)} ms beside few loads, ${many.toFixed(2)} beside many`);
});
