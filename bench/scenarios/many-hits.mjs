import assert from 'node:assert/strict';
import { reusedKeys, shuffledIndexes, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const LIVE_KEYS = 1000;

/** The ids in the values of keys, together: by one call for all. */
async function readTogether(cache, keys) {
  let sum = 0;
  for (const { id } of (await cache.getMany(keys)).values()) sum += id;
  return sum;
}

/** The same, by a call for each. */
async function readEach(cache, keys) {
  let sum = 0;
  for (let at = 0; at < keys.length; at++) sum += (await cache.get(keys[at])).id;
  return sum;
}

/** Reads of groups of keys. */
async function measure({ create, group, calls, isEach, redisPort }, budget) {
  const cache = await create({ capacity: LIVE_KEYS, redisPort });
  const keys = reusedKeys(LIVE_KEYS);
  await Promise.all(values(LIVE_KEYS).map((value, id) => cache.set(keys[id], value)));
  const order = [...shuffledIndexes(LIVE_KEYS)];
  const groups = Array.from({ length: LIVE_KEYS / group }, (_, at) => {
    const ids = order.slice(at * group, (at + 1) * group);
    return { keys: ids.map((id) => keys[id]), sum: ids.reduce((sum, id) => sum + id, 0) };
  });
  const read = isEach ? readEach : readTogether;
  const result = await measureWallTime(async () => {
    for (let call = 0; call < calls; call++) {
      const { keys: asked, sum } = groups[call % groups.length];
      assert.equal(await read(cache, asked), sum, 'a hit returned a wrong value');
    }
    return calls * group;
  }, budget);
  await cache.close?.();
  return result;
}

const GROUP = 100;
const about = `${GROUP} keys by one call of getMany, for each key`;

export const manyHits = {
  name: 'many-hits',
  unit: 'ns',
  needs: ['set', 'getMany'],
  rows: [{ id: `many-hits/${GROUP}`, title: `L1 hits, ${about}`, params: { group: GROUP, calls: 200 }, quick: true }],
  measure,
};

/** What the row before is compared with. */
export const manyGets = {
  name: 'many-gets',
  unit: 'ns',
  needs: ['set', 'get'],
  rows: [
    {
      id: `many-gets/${GROUP}`,
      title: `L1 hits, ${GROUP} keys by as many awaited calls of get, for each key`,
      params: { group: GROUP, calls: 200, isEach: true },
      quick: true,
    },
  ],
  measure,
};

export const redisMany = {
  name: 'redis-many',
  layer: 'redis',
  unit: 'ns',
  waits: true,
  needs: ['set', 'getMany'],
  rows: [
    { id: `redis-many/${GROUP}`, title: `hits in Redis, ${about}`, params: { group: GROUP, calls: 20 }, quick: true },
  ],
  measure,
};
