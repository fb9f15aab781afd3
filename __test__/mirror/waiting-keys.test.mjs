// The keys of inserts that wait in the journal are one text: each comes out as it went in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';

const KEYS = [
  '',
  'a',
  'é',
  'naïve:ключ',
  '鍵',
  '\ud83d\ude00',
  // Lone halves of a surrogate pair: side by side in the text they look like one character.
  '\ud83d',
  '\ude00',
  '\0',
  'x'.repeat(22),
  'x'.repeat(23),
  'ü'.repeat(128),
  'x'.repeat(127),
  'x'.repeat(128),
  // These take a call.
  'x'.repeat(129),
  'ü'.repeat(500),
];

for (const policy of ['lru', 's3fifo']) {
  test(`${policy}: keys of all kinds`, async () => {
    const cache = new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries: 500, policy } } });
    for (const [at, key] of KEYS.entries()) await cache.set(key, at);
    for (const [at, key] of KEYS.entries()) assert.equal(await cache.get(key), at);
    assert.equal(await cache.size(), KEYS.length);
    // Not by the mirror.
    for (const [at, key] of KEYS.entries()) assert.equal((await cache.getEntry(key)).value, at);
    for (const key of KEYS) await cache.delete(key);
    assert.equal(await cache.size(), 0);
    await cache.close();
  });
}

test('keys that are strings of strings, and more of them than the text may have', async () => {
  const cache = new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries: 100_000 } } });
  const part = 'part:'.repeat(10);
  const keys = Array.from({ length: 5000 }, (_, at) => `${part}${at}${part}`);
  for (const [at, key] of keys.entries()) await cache.set(key, at);
  assert.equal(await cache.size(), keys.length);
  await cache.deleteByPattern('*7part:*');
  assert.equal(await cache.size(), keys.filter((key) => !key.includes('7part')).length);
  await cache.close();
});

test('keys of several caches in turn', async () => {
  const caches = [1, 2, 3].map(() => new LazyLayersCache({ ttlMs: Infinity, levels: { L1: { maxEntries: 64 } } }));
  for (let at = 0; at < 1000; at += 1) {
    for (const [number, cache] of caches.entries()) await cache.set(`${number}:${at}`, at);
  }
  for (const [number, cache] of caches.entries()) {
    assert.equal(await cache.size(), 64);
    for (let at = 936; at < 1000; at += 1) assert.equal(await cache.get(`${number}:${at}`), at);
    await cache.close();
  }
});
