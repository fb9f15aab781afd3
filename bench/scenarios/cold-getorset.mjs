import assert from 'node:assert/strict';
import { buildKey, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const OPERATIONS_PER_BATCH = 5_000;

/**
 * No key comes twice, so every call is a miss whatever the cache decides to keep; a full cache also evicts each time.
 */
async function measure({ create, capacity }, budget) {
  const loadable = values(1_024);
  let calls = 0;
  const load = async () => loadable[calls++ & 1_023];
  const cache = await create({ capacity, load });

  let keys = [];
  let nextKey = 0;
  const prepare = () => {
    const unseen = new Set();
    while (unseen.size < OPERATIONS_PER_BATCH) unseen.add(buildKey(nextKey++));
    keys = [...unseen];
  };
  const result = await measureWallTime(
    async () => {
      let wrong = 0;
      const before = calls;
      for (let i = 0; i < OPERATIONS_PER_BATCH; i++) {
        const value = await cache.getOrSet(keys[i], load);
        if (value.id !== ((before + i) & 1_023)) wrong++;
      }
      assert.equal(wrong, 0, 'a call did not return the value it loaded');
      return OPERATIONS_PER_BATCH;
    },
    budget,
    prepare,
  );
  assert.equal(calls, nextKey, 'each new key must call the loader once');
  return { ...result, loaderCalls: 1 };
}

export default {
  name: 'cold-getorset',
  unit: 'ns',
  needs: ['getOrSet'],
  rows: [
    {
      id: 'cold-getorset/immediate',
      title: 'cold getOrSet, a new key each time, immediate loader, capacity 1,000',
      params: { capacity: 1_000 },
      quick: true,
    },
  ],
  measure,
};
