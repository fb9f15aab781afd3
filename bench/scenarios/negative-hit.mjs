import assert from 'node:assert/strict';
import { reusedKeys, shuffledIndexes } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const KEYS = 1_000;
const PASSES_PER_BATCH = 10;

/** Reads of keys for which the loader found nothing, by a cache that remembers it. */
async function measure({ create }, budget) {
  const cache = await create({ capacity: KEYS, load: async () => undefined, absentMs: 3_600_000 });
  const keys = reusedKeys(KEYS);
  let calls = 0;
  const load = async () => {
    calls++;
  };
  for (const key of keys) await cache.getOrSet(key, load);
  const order = shuffledIndexes(KEYS);
  const result = await measureWallTime(async () => {
    let found = 0;
    for (let pass = 0; pass < PASSES_PER_BATCH; pass++) {
      for (let i = 0; i < order.length; i++) if ((await cache.get(keys[order[i]])) !== undefined) found++;
    }
    assert.equal(found, 0, 'there is nothing');
    return PASSES_PER_BATCH * KEYS;
  }, budget);
  for (const key of keys) await cache.getOrSet(key, load);
  assert.equal(calls, KEYS, 'each key must be looked for once');
  return result;
}

export default {
  name: 'negative-hit',
  unit: 'ns',
  needs: ['get', 'getOrSet', 'knowsAbsence'],
  rows: [
    {
      id: 'negative-hit/1000',
      title: 'get of keys for which the loader found nothing, 1,000 keys',
      params: {},
      quick: true,
    },
  ],
  measure,
};
