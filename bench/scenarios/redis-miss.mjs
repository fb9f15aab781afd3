import assert from 'node:assert/strict';
import { valueFor } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const KEYS = 1000;

/** Does something with a run of keys that nobody has used before, `inFlight` of them at a time. */
async function each(from, inFlight, act) {
  let next = from;
  const worker = async () => {
    while (next < from + KEYS) await act(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function measure({ create, operation, inFlight, redisPort }, budget) {
  const cache = await create({ capacity: KEYS, redisPort });
  // The server may hold entries of earlier processes of the run.
  const run = `${process.pid}-${Date.now()}`;
  const buildKey = (id) => `run:${run}:${id}`;
  let loads = 0;
  const act = {
    load: async (id) => {
      const value = await cache.getOrSet(buildKey(id), async () => {
        loads++;
        return valueFor(id);
      });
      assert.equal(value.id, id, 'a miss returned a wrong value');
    },
    delete: async (id) => {
      await cache.set(buildKey(id), valueFor(id));
      await cache.delete(buildKey(id));
    },
  }[operation];
  let from = 0;
  const result = await measureWallTime(async () => {
    await each(from, inFlight, act);
    from += KEYS;
    return KEYS;
  }, budget);
  if (operation === 'load') assert.equal(loads, from, 'a key was found that nobody had loaded');
  await cache.close?.();
  return result;
}

const TITLES = { load: 'miss in Redis, load and fill, 200 B', delete: 'set and delete of a key in Redis, 200 B' };

const row = (operation, inFlight, quick) => ({
  id: `redis-miss/${operation}-${inFlight}`,
  title: `${TITLES[operation]}, ${inFlight === 1 ? 'one at a time' : `${inFlight} in flight`}, per key`,
  params: { operation, inFlight },
  quick,
});

export default {
  name: 'redis-miss',
  layer: 'redis',
  unit: 'ns',
  waits: true,
  needs: ['set', 'getOrSet', 'delete'],
  rows: [row('load', 1, false), row('load', 100, true), row('delete', 1, false), row('delete', 100, false)],
  measure,
};
