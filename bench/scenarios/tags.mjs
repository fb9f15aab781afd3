import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { reusedKeys, turnOfTheLoop, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';
import { watched } from '../harness/turns.mjs';

const PASSES_PER_BATCH = 5;
const TAGS = ['all', 'some'];

/** Each key is written with two tags, and read. */
async function measureTagged({ create, liveKeys }, budget) {
  const cache = await create({ capacity: liveKeys, hasTags: true });
  const [keys, written] = [reusedKeys(liveKeys), values(liveKeys)];
  const result = await measureWallTime(async () => {
    for (let pass = 0; pass < PASSES_PER_BATCH; pass++) {
      for (let id = 0; id < liveKeys; id++) {
        await cache.setTagged(keys[id], written[id], TAGS);
        const { id: found } = await cache.get(keys[id]);
        assert.equal(found, id, 'a hit returned a wrong value');
      }
    }
    return PASSES_PER_BATCH * liveKeys;
  }, budget);
  await cache.deleteByTag('some');
  assert.ok(((await cache.get(keys[0])) ?? undefined) === undefined, 'the tag was not deleted');
  return result;
}

export const tagged = {
  name: 'tagged',
  unit: 'ns',
  needs: ['get', 'setTagged', 'deleteByTag'],
  rows: [
    {
      id: 'tagged/1000',
      title: 'set with two tags, and get, 1,000 live keys',
      params: { liveKeys: 1000 },
      quick: true,
    },
  ],
  measure: measureTagged,
};

/** Half of the keys have the tag. */
async function measureDelete({ create, entries, redisPort }) {
  // Some caches keep their knowledge of tags as entries.
  const cache = await create({ capacity: 4 * entries, hasTags: true, redisPort });
  const keys = reusedKeys(entries);
  const set = (id) => cache.setTagged(keys[id], { id }, [id % 2 === 0 ? 'even' : 'odd']);
  for (let id = 0; id < entries; id += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => set(id + n)));
  const started = performance.now();
  let tookMs = 0;
  const { longest } = await watched(async () => {
    await cache.deleteByTag('even');
    tookMs = performance.now() - started;
    // The work that a delete leaves for later turns counts.
    for (let turn = 0; turn < 200; turn++) await turnOfTheLoop();
  });
  for (let id = 0; id < 200; id++) {
    const found = (await cache.get(keys[id])) ?? undefined;
    assert.equal(found === undefined, id % 2 === 0, `key ${id} of ${entries}`);
  }
  await cache.close?.();
  return { value: longest, p10: longest, p90: longest, samples: 1, operations: 1, latencyMs: tookMs };
}

const row = (name, where, entries, quick) => ({
  id: `${name}/${entries / 2}`,
  title: `delete of ${(entries / 2).toLocaleString('en')} entries${where} by a tag: the longest turn of the event loop`,
  params: { entries },
  quick,
});

const deletes = (name, where, more) => ({
  name,
  unit: 'ms',
  needs: ['get', 'setTagged', 'deleteByTag'],
  rows: [row(name, where, 20_000, where === ''), row(name, where, 200_000, false)],
  measure: measureDelete,
  ...more,
});

export const tagDelete = deletes('tag-delete', '', {});
export const redisTagDelete = deletes('redis-tag-delete', ' in Redis', { layer: 'redis', waits: true });
