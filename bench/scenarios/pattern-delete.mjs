import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { turnOfTheLoop } from '../harness/fixtures.mjs';
import { watched } from '../harness/turns.mjs';

/** Half of the keys match. */
async function measure({ create, entries }) {
  const cache = await create({ capacity: entries });
  for (let id = 0; id < entries; id++) await cache.set(`${id % 2 === 0 ? 'user' : 'post'}:${id}`, { id });
  const started = performance.now();
  let tookMs = 0;
  const { longest } = await watched(async () => {
    await cache.deleteByPattern('user:*');
    tookMs = performance.now() - started;
    // The work that a delete leaves for later turns counts.
    for (let turn = 0; turn < 200; turn++) await turnOfTheLoop();
  });
  assert.equal(await cache.size(), entries / 2);
  return { value: longest, p10: longest, p90: longest, samples: 1, operations: 1, latencyMs: tookMs };
}

const row = (entries, quick) => ({
  id: `pattern-delete/${entries}`,
  title: `delete of half of ${entries.toLocaleString('en')} keys by a pattern: the longest turn of the event loop`,
  params: { entries },
  quick,
});

export default {
  name: 'pattern-delete',
  unit: 'ms',
  needs: ['set', 'deleteByPattern', 'size'],
  rows: [row(10_000, true), row(100_000, false), row(1_000_000, false)],
  measure,
};
