import assert from 'node:assert/strict';
import { reusedKeys, shuffledIndexes, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const PASSES_PER_BATCH = 10;

async function measure({ create, liveKeys }, budget) {
  const cache = await create({ capacity: liveKeys });
  const keys = reusedKeys(liveKeys);
  const stored = values(liveKeys);
  for (let id = 0; id < liveKeys; id++) await cache.set(keys[id], stored[id]);
  const order = shuffledIndexes(liveKeys);
  return measureWallTime(async () => {
    let found = 0;
    for (let pass = 0; pass < PASSES_PER_BATCH; pass++) {
      for (let i = 0; i < order.length; i++) if (await cache.has(keys[order[i]])) found++;
    }
    assert.equal(found, PASSES_PER_BATCH * liveKeys, 'a key that is there was not found');
    return PASSES_PER_BATCH * liveKeys;
  }, budget);
}

export default {
  name: 'has',
  unit: 'ns',
  needs: ['has', 'set'],
  rows: [{ id: 'has/1000', title: 'has, 1,000 live keys', params: { liveKeys: 1_000 }, quick: true }],
  measure,
};
