// Entries that are overwritten before they end, while another waits for their place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { manualClock } from '../../entry/testing.mjs';

for (const policy of ['lru', 's3fifo']) {
  test(`an entry that was overwritten before it ended makes no room for one that waits, ${policy}`, async () => {
    const clock = manualClock();
    try {
      const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 16, ttlMs: 1000, policy } } });
      await cache.set('x', 'old');
      await clock.advance(500);
      for (let id = 1; id < 16; id += 1) await cache.set(`k${id}`, id);
      await clock.advance(100);
      for (let round = 0; round < 3; round += 1) await cache.get('x');
      await cache.set('y', 'y');
      await clock.advance(100);
      await cache.set('x', 'new');
      await clock.advance(400);
      await cache.get('nothing');
      assert.equal(await cache.get('x'), 'new');
      await clock.advance(550);
      assert.equal(await cache.get('y'), undefined, 'it has ended');
      assert.equal(await cache.get('x'), 'new');
    } finally {
      clock.restore();
    }
  });

  test(`an entry that ended again before another took its place leaves that one alone, ${policy}`, async () => {
    const clock = manualClock();
    try {
      const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 16, ttlMs: 1000, policy } } });
      await cache.set('x', 'old');
      await clock.advance(100);
      await cache.set('x', 'new');
      for (let id = 1; id < 16; id += 1) await cache.set(`k${id}`, id);
      await cache.get('nothing');
      await cache.set('x', 'newer');
      await clock.advance(1200);
      await cache.set('y', 'y');
      await cache.get('nothing');
      assert.equal(await cache.get('x'), undefined);
      assert.equal(await cache.get('y'), 'y');
      await clock.advance(900);
      assert.equal(await cache.get('y'), 'y');
      await clock.advance(150);
      assert.equal(await cache.get('y'), undefined);
    } finally {
      clock.restore();
    }
  });
}

test('s3fifo: a value that grows makes room by others, not by its own entry', async () => {
  const bytes = (length) => Buffer.alloc(length);
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 1000, maxBytes: 4000, policy: 's3fifo' } } });
  for (let id = 0; id < 30; id += 1) await cache.set(`k${id}`, bytes(100));
  const first = [...Array(30).keys()].map((id) => `k${id}`).find((key) => cache.peek(key) !== undefined);
  await cache.set(first, bytes(900));
  assert.equal((await cache.get(first))?.length, 900);
});
