import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { reusedKeys, shuffledIndexes, valueFor, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';
import { quantile } from '../harness/statistics.mjs';

const KEYS = 1000;
const WRITES = 200;

async function fill(create, redisPort) {
  const cache = await create({ capacity: KEYS, redisPort });
  const keys = reusedKeys(KEYS);
  await Promise.all(values(KEYS).map((value, id) => cache.set(keys[id], value)));
  for (const key of keys) await cache.get(key);
  return { cache, keys };
}

/** How long a value is served after the write of a client that knows nothing of the cache has been answered. */
async function measureAge({ create, redisPort }) {
  const { cache, keys } = await fill(create, redisPort);
  const ages = [];
  for (let write = 0; write < WRITES; write++) {
    const key = keys[write % KEYS];
    const id = KEYS + write;
    await cache.writeElsewhere(key, valueFor(id));
    const written = performance.now();
    while ((await cache.get(key)).id !== id) await new Promise(setImmediate);
    ages.push(performance.now() - written);
  }
  await cache.close?.();
  const value = quantile(ages, 0.99) * 1000;
  return { value, p10: value, p90: value, samples: WRITES, operations: WRITES, p50Us: quantile(ages, 0.5) * 1000 };
}

/** Hits in the first layer, one after the other. */
async function measureHits({ create, redisPort }, budget) {
  const { cache, keys } = await fill(create, redisPort);
  const order = [...shuffledIndexes(KEYS)];
  const result = await measureWallTime(async () => {
    let sum = 0;
    for (const at of order) sum += (await cache.get(keys[at])).id;
    assert.equal(sum, (KEYS * (KEYS - 1)) / 2, 'a hit returned a wrong value');
    return KEYS;
  }, budget);
  await cache.close?.();
  return result;
}

const rows = {
  age: { id: 'redis-tracked/age', title: 'age at most of 99 of 100 values that another client has just written' },
  hits: { id: 'redis-tracked/hits', title: 'hits in memory, of values that Redis tracks' },
};

export const trackedAge = {
  name: 'redis-tracked-age',
  layer: 'redis',
  unit: 'µs',
  waits: true,
  needs: ['get', 'set', 'writeElsewhere'],
  rows: [{ ...rows.age, params: {} }],
  measure: measureAge,
};

export const trackedHits = {
  name: 'redis-tracked-hits',
  layer: 'redis',
  unit: 'ns',
  needs: ['get', 'set', 'writeElsewhere'],
  rows: [{ ...rows.hits, params: {} }],
  measure: measureHits,
};
