import assert from 'node:assert/strict';
import { countingLoader } from '../harness/conformance.mjs';
import { reusedKeys, shuffledIndexes, sumOfIds } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const PASSES_PER_BATCH = 10;

async function measure({ create, liveKeys, isWrapped }, budget) {
  const loader = countingLoader();
  const cache = await create({ capacity: liveKeys, load: loader.load });
  const keys = reusedKeys(liveKeys);
  const read = isWrapped ? cache.wrap(loader.load, (key) => key) : undefined;
  for (const key of keys) await (isWrapped ? read(key) : cache.getOrSet(key, loader.load));

  const order = shuffledIndexes(liveKeys);
  const expected = sumOfIds(order);
  const { load } = loader;
  const readAll = async () => {
    let sum = 0;
    for (let i = 0; i < order.length; i++) sum += (await cache.getOrSet(keys[order[i]], load)).id;
    return sum;
  };
  const callAll = async () => {
    let sum = 0;
    for (let i = 0; i < order.length; i++) sum += (await read(keys[order[i]])).id;
    return sum;
  };
  const run = isWrapped ? callAll : readAll;
  const result = await measureWallTime(async () => {
    for (let pass = 0; pass < PASSES_PER_BATCH; pass++) {
      const sum = await run();
      assert.equal(sum, expected, 'a hit returned a wrong value');
    }
    return PASSES_PER_BATCH * liveKeys;
  }, budget);
  assert.equal(loader.calls, liveKeys, 'a hit called the loader');
  return result;
}

export const wrappedHit = {
  name: 'wrapped-hit',
  unit: 'ns',
  needs: ['getOrSet', 'wrap'],
  rows: [
    {
      id: 'wrapped-hit/1000',
      title: 'L1 hit by a call of a wrapped function, reused keys, 1,000 live keys',
      params: { liveKeys: 1_000, isWrapped: true },
      quick: true,
      among: ['ours'],
    },
  ],
  measure,
};

export default {
  name: 'getorset-hit',
  unit: 'ns',
  needs: ['getOrSet'],
  rows: [
    {
      id: 'getorset-hit/1000',
      title: 'L1 hit through getOrSet, reused keys, 1,000 live keys',
      params: { liveKeys: 1_000 },
      quick: true,
    },
  ],
  measure,
};
