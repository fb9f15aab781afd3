import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { record } from './support/events.mjs';
import { heldLoader, turns } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';

const unusual = [
  '',
  ' ',
  '\0',
  'a\0b',
  'a\nb',
  'ключ',
  '鍵',
  'é',
  'e\u0301',
  '😀',
  '😀😀',
  '👩‍👩‍👧',
  '\ud83d',
  '\ude00',
  'a\ud83db',
  '\ufffd',
  '\uffff',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'k::v0',
  '*',
  '?',
  '[a]',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(257),
  'x'.repeat(1_024),
  'я'.repeat(1_023),
  'x'.repeat(100_000),
  '😀'.repeat(50_000),
  'NaN',
  '-0',
  '1e21',
];

test('keys that look alike address entries of their own', async () => {
  const cache = new LazyLayersCache();
  for (const [n, key] of unusual.entries()) await cache.set(key, n);
  assert.equal(await cache.size(), unusual.length);
  for (const [n, key] of unusual.entries()) assert.equal(await cache.get(key), n, JSON.stringify(key.slice(0, 20)));
});

test('each unusual key can be deleted by itself', async () => {
  const cache = new LazyLayersCache();
  for (const [n, key] of unusual.entries()) await cache.set(key, n);
  for (const [n, key] of unusual.entries()) {
    await cache.delete(key);
    assert.equal(await cache.has(key), false);
    assert.equal(await cache.size(), unusual.length - n - 1);
  }
});

test('MemoryStore keeps unusual keys apart', async () => {
  const store = new MemoryStore();
  for (const [n, key] of unusual.entries()) await store.set(key, n);
  for (const [n, key] of unusual.entries()) assert.equal(await store.get(key), n, JSON.stringify(key.slice(0, 20)));
});

test('unusual keys reach a custom L2 unchanged', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l1: false, l2 });
  for (const [n, key] of unusual.entries()) await cache.set(key, n);
  assert.deepEqual([...l2.map.keys()], unusual);
});

test('unusual keys come back in events unchanged', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  for (const key of unusual) await cache.get(key);
  assert.deepEqual(
    seen.events.map((event) => event.key),
    unusual,
  );
});

for (const [number, text] of [
  [1, '1'],
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [-0, '0'],
  [1e21, '1e+21'],
  [2 ** 53, '9007199254740992'],
]) {
  test(`the number ${text} addresses the same entry as its decimal string`, async () => {
    const cache = new LazyLayersCache();
    await cache.set(number, 'by number');
    assert.equal(await cache.get(text), 'by number');
    await cache.set(text, 'by string');
    assert.equal(await cache.get(number), 'by string');
    assert.equal(await cache.has(number), true);
    assert.equal(await cache.size(), 1);
    await cache.delete(number);
    assert.equal(await cache.has(text), false);
  });
}

test('a number addresses the same entry of custom stores as its decimal string', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l1: new MapStore(), l2 });
  await cache.set(7, 'by number');
  assert.equal(await cache.get('7'), 'by number');
  await cache.delete('7');
  assert.equal(await cache.get(7), undefined);
  assert.equal(l2.map.size, 0);
});

test('a load of a number is joined by callers of its decimal string', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const first = cache.getOrSet(7, loader);
  await loader.called;
  const second = cache.getOrSet('7', loader);
  await turns();
  loader.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
  assert.equal(loader.calls, 1);
});

test('a negative entry of a number is that of its decimal string', async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet(7, () => undefined);
  assert.equal(await cache.getOrSet('7', () => 'there'), undefined);
});

test('events carry a numeric key as a number and its string as a string', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.set(7, 1);
  await cache.get('7');
  await cache.get(7);
  await cache.getOrSet(8, () => 1);
  await cache.delete(7);
  assert.deepEqual(
    seen.events.map((event) => [event.type, event.key]).filter(([type]) => !type.startsWith('loader')),
    [
      ['set', 7],
      ['hit', '7'],
      ['hit', 7],
      ['miss', 8],
      ['set', 8],
      ['delete', 7],
    ],
  );
  for (const event of seen.events.filter(({ type }) => type.startsWith('loader'))) assert.equal(event.key, 8);
});

for (const key of [true, {}, [], Symbol('s'), () => {}]) {
  test(`a ${Array.isArray(key) ? 'list' : typeof key} is refused as a key by every method, with a word on how to pass it`, async () => {
    const cache = new LazyLayersCache();
    const calls = [
      () => cache.get(key),
      () => cache.set(key, 1),
      () => cache.has(key),
      () => cache.delete(key),
      () => cache.getOrSet(key, () => assert.fail('loader ran')),
    ];
    for (const call of calls) {
      await assert.rejects(call(), (error) => {
        assert.ok(error instanceof TypeError, String(error));
        assert.equal(error.code, 'INVALID_ARGUMENT');
        const advice =
          typeof key === 'object' ? /key must be .*text of the fields.*, got / : /pass String\(key\).*, got /;
        assert.match(error.message, advice);
        return true;
      });
    }
  });
}

test('nobody is told to make a text of an object or of a missing id by String, which would be one key for all', async () => {
  const cache = new LazyLayersCache();
  for (const key of [{ id: 1 }, [1], new Date(0), Buffer.from('a'), undefined, null]) {
    await assert.rejects(
      cache.set(key, 1),
      ({ message }) => /key must be a string/.test(message) && !/String\(/.test(message),
    );
  }
});

test('a value that cannot be shown is refused as a key, with the code of others', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const unreadable = {
    get constructor() {
      throw new Error('unreadable');
    },
  };
  const named = Object.defineProperty(() => {}, 'name', { value: Symbol('named') });
  const cache = new LazyLayersCache();
  for (const key of [proxy, unreadable, named]) {
    await assert.rejects(cache.get(key), { name: 'TypeError', code: 'INVALID_ARGUMENT' });
    assert.throws(() => cache.peek(key), { code: 'INVALID_ARGUMENT' });
  }
});
