import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { pass } from './support/deferred.mjs';

const withPolicy = (L1, options = {}) => new LazyLayersCache({ levels: { L1 }, ...options });

/** How many of ten keys, read often, are left in a full cache after a long run of keys that are used once. */
async function leftAfterScan(policy) {
  const cache = withPolicy({ maxEntries: 100, policy });
  for (let n = 0; n < 100; n += 1) await cache.set(`k${n}`, n);
  const used = Array.from({ length: 10 }, (_, n) => `k${90 + n}`);
  for (let round = 0; round < 50; round += 1) for (const key of used) await cache.get(key);
  for (let n = 0; n < 1_000; n += 1) await cache.getOrSet(`once ${n}`, () => n);
  let left = 0;
  for (const key of used) if (await cache.has(key)) left += 1;
  return left;
}

test('under lru the same scan drives them out', async () => {
  assert.equal(await leftAfterScan('lru'), 0);
});

for (const policy of ['s3fifo', 'tinylfu']) {
  test(`under ${policy} values are stored, read by reference and deleted`, async () => {
    const cache = withPolicy({ policy, maxEntries: 100 });
    const value = { n: 1 };
    await cache.set('k', value);
    assert.equal(await cache.get('k'), value);
    assert.equal(await cache.has('k'), true);
    assert.equal(await cache.size(), 1);
    await cache.delete('k');
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.size(), 0);
  });

  test(`under ${policy} size never exceeds maxEntries`, async () => {
    const cache = withPolicy({ policy, maxEntries: 50 });
    for (let n = 0; n < 1_000; n += 1) {
      await cache.set(`k${n}`, n);
      assert.ok((await cache.size()) <= 50);
    }
    assert.ok((await cache.size()) > 0);
  });

  test(`under ${policy} keys in constant use outlive a long scan of others`, async () => {
    assert.ok((await leftAfterScan(policy)) >= 5);
  });

  test(`under ${policy} entries expire`, async () => {
    const cache = withPolicy({ policy, maxEntries: 100 }, { ttlMs: 10 });
    await cache.set('k', 1);
    await pass(10);
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.size(), 0);
  });

  test(`under ${policy} patterns and clear delete`, async () => {
    const cache = withPolicy({ policy, maxEntries: 100 });
    for (const key of ['user:1', 'user:2', 'post:1']) await cache.set(key, 1);
    await cache.deleteByPattern('user:*');
    assert.equal(await cache.size(), 1);
    assert.equal(await cache.get('post:1'), 1);
    await cache.clear();
    assert.equal(await cache.size(), 0);
  });

  test(`under ${policy} a value that was read is never one of another key`, async () => {
    const cache = withPolicy({ policy, maxEntries: 20 });
    let seed = 3;
    for (let step = 0; step < 5_000; step += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      const key = `k${seed % 60}`;
      const value = await cache.get(key);
      if (value === undefined) await cache.set(key, { of: key });
      else assert.equal(value.of, key);
    }
  });

  test(`under ${policy} maxBytes bounds the values in L1`, async () => {
    const cache = withPolicy({ policy, maxBytes: 20_000 });
    for (let n = 0; n < 200; n += 1) await cache.set(`k${n}`, `${n}`.padEnd(1_000, 'x'));
    const size = await cache.size();
    assert.ok(size <= 20, String(size));
  });
}
