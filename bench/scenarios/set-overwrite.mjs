import assert from 'node:assert/strict';
import { reusedKeys, shuffledIndexes, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const PASSES_PER_BATCH = 10;

async function measure({ create, liveKeys }, budget) {
  const cache = await create({ capacity: liveKeys });
  const keys = reusedKeys(liveKeys);
  const revisions = [values(liveKeys, 0), values(liveKeys, 1)];
  const order = shuffledIndexes(liveKeys);
  for (let id = 0; id < liveKeys; id++) await cache.set(keys[id], revisions[0][id]);

  let revision = 0;
  const result = await measureWallTime(async () => {
    for (let pass = 0; pass < PASSES_PER_BATCH; pass++) {
      revision = 1 - revision;
      const written = revisions[revision];
      for (let i = 0; i < order.length; i++) await cache.set(keys[order[i]], written[order[i]]);
    }
    return PASSES_PER_BATCH * liveKeys;
  }, budget);
  for (let id = 0; id < liveKeys; id++) {
    const { id: readId, revision: readRevision } = await cache.get(keys[id]);
    assert.deepEqual([readId, readRevision], [id, revision], 'a key does not hold its last value');
  }
  return result;
}

export default {
  name: 'set-overwrite',
  unit: 'ns',
  needs: ['get', 'set'],
  rows: [
    { id: 'set-overwrite/1000', title: 'set, overwriting, 1,000 live keys', params: { liveKeys: 1_000 }, quick: true },
  ],
  measure,
};
