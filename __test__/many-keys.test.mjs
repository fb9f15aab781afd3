import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';

// More keys than a `Map` takes, which is 2^24: here as if it took few.

const { LIMITS } = createRequire(import.meta.url)('../lib/memory/slots.js');
const MOST = LIMITS.keys;
const TAKEN = 100;
const ENTRIES = 300;

before(() => {
  LIMITS.keys = TAKEN;
});
after(() => {
  LIMITS.keys = MOST;
});

const keys = Array.from({ length: ENTRIES }, (_, number) => `k${number}`);
const unbounded = { levels: { L1: { maxEntries: Infinity } } };

const fills = {
  set: (cache, key) => cache.set(key, key),
  'set with options': (cache, key) => cache.set(key, key, { ttlMs: 60_000 }),
  getOrSet: (cache, key) => cache.getOrSet(key, () => key),
  'getOrSet that waits': (cache, key) => cache.getOrSet(key, async () => key),
};

for (const [name, fill] of Object.entries(fills)) {
  test(`all entries are there, beyond the keys that a map takes, after ${name}`, async () => {
    const cache = new LazyLayersCache(unbounded);
    for (const key of keys) await fill(cache, key);
    assert.equal(await cache.size(), ENTRIES);
    for (const key of keys) {
      assert.equal(await cache.get(key), key);
      assert.equal(await cache.has(key), true);
      assert.equal(await cache.getOrSet(key, () => assert.fail('loader ran')), key);
    }
  });
}

test('entries beyond them are written over, deleted and loaded anew', async () => {
  const cache = new LazyLayersCache(unbounded);
  for (const key of keys) await cache.set(key, 'old');
  for (const key of keys) await cache.set(key, 'new');
  for (const key of keys) assert.equal(await cache.get(key), 'new');
  const last = keys.at(-1);
  await cache.delete(last);
  assert.equal(await cache.get(last), undefined);
  assert.equal(await cache.getOrSet(last, () => 'loaded'), 'loaded');
  assert.equal(await cache.get(last), 'loaded');
  await cache.deleteByPattern('k*');
  assert.equal(await cache.size(), 0);
});

test('all loads at once end, and each is joined', async () => {
  const cache = new LazyLayersCache(unbounded);
  const loads = keys.flatMap((key) => [
    cache.getOrSet(key, async () => key),
    cache.getOrSet(key, () => assert.fail('loaded twice')),
  ]);
  assert.deepEqual(
    await Promise.all(loads),
    keys.flatMap((key) => [key, key]),
  );
});

test('absent keys beyond them are answered as such until they are set', async () => {
  const cache = new LazyLayersCache({ ...unbounded, negativeCache: { ttlMs: 60_000, maxEntries: Infinity } });
  for (const key of keys) await cache.getOrSet(key, () => undefined);
  const seen = record(cache);
  for (const key of keys) assert.equal(await cache.getOrSet(key, () => assert.fail('loader ran')), undefined);
  assert.equal(seen.of('miss').filter(({ level }) => level === 'negative').length, ENTRIES);
  seen.stop();
  for (const key of keys) await cache.set(key, 'there');
  for (const key of keys) assert.equal(await cache.get(key), 'there');
});
