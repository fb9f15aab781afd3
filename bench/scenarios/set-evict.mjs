import assert from 'node:assert/strict';
import { reusedKeys, values } from '../harness/fixtures.mjs';
import { measureWallTime } from '../harness/measure.mjs';

const OPERATIONS_PER_BATCH = 10_000;

async function checkBound(cache, { keys, stored, capacity, lastWritten, traits }) {
  let live = 0;
  for (let back = 0; back < Math.min(3 * capacity, keys.length); back++) {
    const id = (lastWritten - back + keys.length) % keys.length;
    const value = await cache.get(keys[id]);
    if (value === undefined || value === null) continue;
    assert.equal(value.id, stored[id].id, 'a key holds the value of another one');
    live++;
  }
  assert.ok(live <= capacity, `${live} entries are live in a cache of ${capacity}`);
  if (!traits.rejectsNewcomers) assert.equal(live, capacity, 'the newest entries must be the ones that stay');
}

async function measure({ create, traits, capacity, keyCount }, budget) {
  const cache = await create({ capacity });
  const keys = reusedKeys(keyCount);
  const stored = values(keyCount);
  let next = 0;
  for (; next < capacity; next++) await cache.set(keys[next], stored[next]);
  const writeBatch = async () => {
    for (let i = 0; i < OPERATIONS_PER_BATCH; i++) {
      await cache.set(keys[next], stored[next]);
      next = next + 1 === keyCount ? 0 : next + 1;
    }
    return OPERATIONS_PER_BATCH;
  };
  const result = await measureWallTime(writeBatch, budget);
  await checkBound(cache, { keys, stored, capacity, traits, lastWritten: (next - 1 + keyCount) % keyCount });
  return result;
}

export default {
  name: 'set-evict',
  unit: 'ns',
  needs: ['get', 'set'],
  rows: [
    {
      id: 'set-evict/1000-of-100000',
      title: 'set, evicting, capacity 1,000 of 100,000 keys in turn',
      params: { capacity: 1_000, keyCount: 100_000 },
      quick: true,
    },
    {
      id: 'set-evict/1000000-of-1100000',
      title: 'set, evicting, capacity 1,000,000 of 1,100,000 keys in turn',
      params: { capacity: 1_000_000, keyCount: 1_100_000 },
      among: ['ours', 'lru-cache', 'layered-loader', 'async-cache-dedupe'],
      quick: false,
    },
  ],
  measure,
};
