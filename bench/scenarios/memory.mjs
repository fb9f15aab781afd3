import assert from 'node:assert/strict';
import { buildKey, turnOfTheLoop } from '../harness/fixtures.mjs';

/** Memory in use once garbage is gone. */
async function resident() {
  for (let round = 0; round < 3; round++) {
    await turnOfTheLoop();
    globalThis.gc();
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed + arrayBuffers };
}

/** Each entry has a key and an object of its own. */
async function measure({ create, traits, entries }) {
  // The memory that a cache needs whatever its bound does not count. Memory that it takes at once for all entries of
  // its bound counts.
  const other = await create({ capacity: 100 });
  for (let id = 0; id < 10_000; id++) await other.set(buildKey(`warm-${id}`), { id });
  const before = await resident();
  const cache = await create({ capacity: entries });
  for (let id = 0; id < entries; id++) await cache.set(buildKey(id), { id, name: 'someone', active: true });
  const after = await resident();
  const last = await cache.get(buildKey(entries - 1));
  assert.ok(traits.rejectsNewcomers || last.id === entries - 1, 'what was stored last is not there');
  const value = (after.rss - before.rss) / entries;
  return {
    value,
    p10: value,
    p90: value,
    samples: 1,
    operations: entries,
    heapBytes: (after.heap - before.heap) / entries,
  };
}

const row = (entries, quick) => ({
  id: `memory/${entries}`,
  title: `memory of an entry, ${entries.toLocaleString('en')} small objects`,
  params: { entries },
  quick,
});

export default {
  name: 'memory',
  unit: 'B',
  needs: ['get', 'set'],
  rows: [row(10_000, true), row(100_000, false)],
  measure,
};
