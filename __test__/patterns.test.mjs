import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub } from './support/memory-bus.mjs';
import { turns } from './support/deferred.mjs';

/** The keys that are left after a pattern delete. */
async function left(keys, pattern, options) {
  const cache = new LazyLayersCache(options);
  for (const key of keys) await cache.set(key, 1);
  await cache.deleteByPattern(pattern);
  const found = [];
  for (const key of keys) if (await cache.has(key)) found.push(key);
  return found;
}

const cases = [
  ['* matches any run of characters, also none', 'a*', ['a', 'ab', 'a:b:c'], ['b', 'ba']],
  ['* matches in the middle', 'a*z', ['az', 'abcz'], ['a', 'abcy', 'bz']],
  ['* at the start matches the end of a key', '*:1', ['a:1', ':1'], ['1', 'a:1:2']],
  ['several * match', '*b*d*', ['bd', 'abcde'], ['db', 'b']],
  ['? matches exactly one character', 'a?c', ['abc', 'a?c', 'a:c'], ['ac', 'abbc']],
  ['? and * work together', '??*', ['ab', 'abc'], ['a']],
  ['a pattern without wildcards matches its own key alone', 'a', ['a'], ['ab', 'ba', 'A']],
  ['a pattern matches the whole key', 'b', ['b'], ['abc']],
  ['line breaks are characters like others', 'a*b?c', ['a\nb\nc'], ['a\nb']],
  ['brackets are literal', '[ab]*', ['[ab]', '[ab]c'], ['a', 'b', 'ac']],
  ['a backslash is literal', 'a\\*', ['a\\', 'a\\b'], ['a*', 'ab']],
  ['a backslash does not quote a wildcard', '\\?', ['\\x'], ['?', 'x']],
  ['a caret and a dash are literal', '[^a-c]', ['[^a-c]'], ['d', 'b']],
  ['regular expression characters are literal', 'a.b+c(d){e}|f$^', ['a.b+c(d){e}|f$^'], ['axbbcdef']],
  ['letters match by case', 'User*', ['User1'], ['user1']],
  ['other scripts match', 'ключ:*', ['ключ:1'], ['ключи']],
];

for (const [name, pattern, gone, kept] of cases) {
  test(`${name}: ${JSON.stringify(pattern)}`, async () => {
    assert.deepEqual(await left([...gone, ...kept], pattern), kept);
  });

  test(`MemoryStore: ${name}: ${JSON.stringify(pattern)}`, async () => {
    const store = new MemoryStore();
    for (const key of [...gone, ...kept]) await store.set(key, 1);
    await store.deleteByPattern(pattern);
    const found = [];
    for (const key of kept) if (await store.has(key)) found.push(key);
    assert.deepEqual(found, kept);
    assert.equal(await store.size(), kept.length);
  });
}

test('clear removes every key', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  for (const key of ['a', '', 'b:1', '[x]', 7]) await cache.set(key, 1);
  await cache.clear();
  assert.equal(await cache.size(), 0);
  assert.equal(l2.map.size, 0);
});

test('a pattern delete reaches L2', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  for (const key of ['user:1', 'user:2', 'post:1']) await cache.set(key, key);
  await cache.deleteByPattern('user:*');
  assert.deepEqual([...l2.map.keys()], ['post:1']);
  assert.equal(await cache.get('user:1'), undefined);
  assert.equal(await cache.get('post:1'), 'post:1');
});

test('a pattern delete reaches keys that are in L2 alone', async () => {
  const l2 = new MapStore([['user:9', 'other instance']]);
  const cache = new LazyLayersCache({ l2 });
  await cache.deleteByPattern('user:*');
  assert.equal(await cache.get('user:9'), undefined);
});

test('a pattern delete is told once with its pattern', async () => {
  const cache = new LazyLayersCache();
  await cache.set('a', 1);
  await cache.set('b', 1);
  const seen = record(cache);
  await cache.deleteByPattern('?');
  assert.deepEqual(seen.events, [{ type: 'delete-pattern', pattern: '?' }]);
});

test('clear is told as the pattern *', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.clear();
  assert.deepEqual(seen.events, [{ type: 'delete-pattern', pattern: '*' }]);
});

test('a pattern delete publishes one pattern event', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here' });
  await cache.deleteByPattern('user:*');
  await cache.clear();
  await turns();
  const sent = hub.published.map(({ type, pattern, source }) => ({ type, pattern, source }));
  assert.deepEqual(sent, [
    { type: 'pattern', pattern: 'user:*', source: 'here' },
    { type: 'pattern', pattern: '*', source: 'here' },
  ]);
});

test('a pattern matches numeric keys by their decimal string', async () => {
  assert.deepEqual(await left([1, 12, 2], '1*'), [2]);
});

test("a pattern matches the user's key under versioning", async () => {
  assert.deepEqual(await left(['a1', 'a12', 'b1'], 'a?', { versioning: { enabled: true } }), ['a12', 'b1']);
});

test('matching time grows with the lengths, not exponentially', async () => {
  const cache = new LazyLayersCache();
  const key = 'a'.repeat(20_000);
  await cache.set(key, 1);
  const started = performance.now();
  await cache.deleteByPattern(`${'*a'.repeat(50)}*b`);
  await cache.deleteByPattern(`${'a*'.repeat(200)}b`);
  assert.ok(performance.now() - started < 5_000);
  assert.equal(await cache.get(key), 1);
});
