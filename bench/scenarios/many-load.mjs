import assert from 'node:assert/strict';
import { buildKey, valueFor } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const KEYS = 1000;

/** Keys that nobody has asked for, loaded by one call of a loader. */
async function measure({ create }, budget) {
  let calls = 0;
  const idOf = (key) => Number(/-(\d+):/.exec(key)[1]);
  const loadMany = async (keys) => {
    calls++;
    return keys.map((key) => loadable.get(key));
  };
  let round = 0;
  let keys = [];
  /** By key, made before it is measured. */
  let loadable = new Map();
  const prepare = () => {
    loadable = new Map();
    for (let id = 0; id < KEYS; id++) {
      const key = buildKey(`${round}-${id}`);
      loadable.set(key, { ...valueFor(idOf(key)), key });
    }
    keys = [...loadable.keys()];
    round++;
  };
  const cache = await create({ capacity: KEYS * 10, loadMany });
  const result = await measureWallTime(
    async () => {
      let sum = 0;
      for (const { id } of (await cache.loadMany(keys, loadMany)).values()) sum += id;
      assert.equal(sum, (KEYS * (KEYS - 1)) / 2, 'a call did not return the values it loaded');
      return KEYS;
    },
    budget,
    prepare,
  );
  assert.equal(calls, round, 'each call must load once');
  await cache.close?.();
  return result;
}

export default {
  name: 'many-load',
  unit: 'ns',
  needs: ['loadMany'],
  rows: [
    {
      id: `many-load/${KEYS}`,
      title: `${KEYS.toLocaleString('en')} cold keys by one call of getMany with a loader, for each key`,
      params: {},
      quick: true,
    },
  ],
  measure,
};
