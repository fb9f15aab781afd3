import assert from 'node:assert/strict';
import { buildKey, reusedKeys, shuffledIndexes, sumOfIds, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const OPERATIONS_PER_BATCH = 10_000;

async function readReused(cache, keys, indexes) {
  let sum = 0;
  for (let i = 0; i < indexes.length; i++) sum += (await cache.get(keys[indexes[i]])).id;
  return sum;
}

/** The key is built for each call, as a request handler does: the price of a new string is part of the row. */
async function readFresh(cache, indexes) {
  let sum = 0;
  for (let i = 0; i < indexes.length; i++) sum += (await cache.get(buildKey(indexes[i]))).id;
  return sum;
}

async function measure({ create, liveKeys, fresh }, budget) {
  const cache = await create({ capacity: liveKeys });
  const keys = reusedKeys(liveKeys);
  const stored = values(liveKeys);
  for (let id = 0; id < liveKeys; id++) await cache.set(keys[id], stored[id]);

  const order = shuffledIndexes(liveKeys);
  const passes = Math.max(1, Math.round(OPERATIONS_PER_BATCH / liveKeys));
  const expected = sumOfIds(order);
  const readAll = fresh ? () => readFresh(cache, order) : () => readReused(cache, keys, order);
  return measureWallTime(async () => {
    for (let pass = 0; pass < passes; pass++) assert.equal(await readAll(), expected, 'a hit returned a wrong value');
    return passes * liveKeys;
  }, budget);
}

/** The adapters that are measured beside this package with a million entries. */
const GROWN = ['ours', 'lru-cache', 'layered-loader', 'async-cache-dedupe'];

const row = (kind, liveKeys, quick) => ({
  id: `l1-hit/${kind}/${liveKeys}`,
  title: `L1 hit, await get, ${kind === 'fresh' ? 'freshly built' : 'reused'} keys, ${liveKeys.toLocaleString('en')} live keys`,
  params: { liveKeys, fresh: kind === 'fresh' },
  quick,
});

export default {
  name: 'l1-hit',
  unit: 'ns',
  needs: ['get', 'set'],
  rows: [
    row('reused', 1_000, true),
    row('fresh', 1_000, true),
    row('reused', 100_000, false),
    row('fresh', 100_000, false),
    { ...row('reused', 1_000_000, false), among: GROWN },
  ],
  measure,
};
