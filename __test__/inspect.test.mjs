// A look into the memory layer.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { GZIP_MIN_BYTES, LazyLayersCache, MemoryStore, serialize } from '../index.mjs';
import { pass } from './support/deferred.mjs';

const bounded = (L1) => new MemoryStore({ levels: { L1 } });
const keysOf = ({ keys }) => keys.map(({ key }) => key);

/** The one entry of a store that holds just that value. */
async function seen(value, options) {
  const store = new MemoryStore();
  await store.set('k', value);
  const { keys } = await store.inspect(options);
  assert.equal(keys.length, 1);
  return keys[0];
}

afterEach(() => {
  delete process.env.CACHE_FORMAT;
});

test('inspect lists keys, values and the rest of their lifetimes', async () => {
  const store = new MemoryStore();
  await store.set('k', { n: 1 }, { ttlMs: 60_000 });
  const { size, keys, ...rest } = await store.inspect();
  assert.deepEqual([size, keys.length, rest], [1, 1, {}]);
  const [{ ttlRemainingMs, memoryBytes, ...entry }] = keys;
  assert.ok(ttlRemainingMs > 50_000 && ttlRemainingMs <= 60_000);
  assert.ok(memoryBytes > 0);
  const serializedBytes = serialize({ n: 1 }).length;
  assert.deepEqual(entry, {
    key: 'k',
    serializedBytes,
    deserializedBytes: 7,
    compressionRatio: 0,
    encoding: 'msgpack',
    value: { n: 1 },
  });
});

test('an entry that does not expire has -1 milliseconds left', async () => {
  const store = new MemoryStore();
  await store.set('zero', 1, { ttlMs: 0 });
  await store.set('infinite', 1, { ttlMs: Infinity });
  const { keys } = await store.inspect();
  assert.deepEqual(
    keys.map(({ ttlRemainingMs }) => ttlRemainingMs),
    [-1, -1],
  );
});

test('sizes and encoding are those that a shared layer would have', async () => {
  const text = 'a'.repeat(90_003);
  const { serializedBytes, deserializedBytes, compressionRatio, encoding } = await seen(text);
  assert.deepEqual([serializedBytes, deserializedBytes, encoding], [132, 90_003, 'msgpack-gzip']);
  assert.equal(compressionRatio.toFixed(4), '0.9985');
  process.env.CACHE_FORMAT = 'json';
  const asJson = await seen([1]);
  assert.deepEqual([asJson.serializedBytes, asJson.encoding, asJson.compressionRatio], [7, 'json', 0]);
});

test('a value beyond maxValueBytes is left out, and not packed', async () => {
  let looks = 0;
  class Large {
    toJSON() {
      looks += 1;
      return 'x'.repeat(GZIP_MIN_BYTES);
    }
  }
  const large = await seen('x'.repeat(1001), { maxValueBytes: 1000 });
  const { ttlRemainingMs: _left, memoryBytes: _memory, ...entry } = large;
  assert.deepEqual(entry, {
    key: 'k',
    serializedBytes: 1001,
    deserializedBytes: 1001,
    compressionRatio: 0,
    encoding: 'msgpack',
    truncated: true,
  });
  const fits = await seen('x'.repeat(1000), { maxValueBytes: 1000 });
  assert.deepEqual([fits.value.length, fits.truncated], [1000, undefined]);
  assert.equal((await seen(new Large(), { maxValueBytes: 10 })).truncated, true);
  assert.equal(looks, 1, 'its size was told, and nothing else');
});

test('without values their sizes are told all the same', async () => {
  for (const option of ['includeValues', 'values']) {
    const entry = await seen({ n: 1 }, { [option]: false });
    assert.equal('value' in entry, false);
    assert.deepEqual([entry.serializedBytes, entry.deserializedBytes], [serialize({ n: 1 }).length, 7]);
  }
  assert.equal('value' in (await seen(1, { includeValues: true, values: false })), true);
});

test('a value that cannot be packed has no size', async () => {
  const cyclic = {};
  cyclic.self = cyclic;
  const { serializedBytes, deserializedBytes, compressionRatio, value } = await seen(cyclic);
  assert.deepEqual([serializedBytes, deserializedBytes, compressionRatio], [0, 0, 0]);
  assert.equal(value, cyclic);
});

test('the most recently used entries come first, hits that were answered in front included', async () => {
  const store = new MemoryStore();
  const cache = new LazyLayersCache({ l1: store });
  for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, key);
  await cache.get('b');
  await cache.getOrSet('a', () => assert.fail('it is there'));
  assert.deepEqual(keysOf(await store.inspect()), ['a', 'b', 'd', 'c']);
  assert.deepEqual(keysOf(await store.inspect()), ['a', 'b', 'd', 'c']);
});

test('inspect goes through all keys page by page, each once', async () => {
  for (const policy of ['lru', 's3fifo', 'tinylfu']) {
    const store = bounded({ policy });
    for (let n = 0; n < 25; n += 1) await store.set(`k${n}`, n);
    const found = [];
    let cursor;
    do {
      const page = await store.inspect({ limit: 10, cursor });
      assert.equal(page.size, 25);
      assert.ok(page.keys.length <= 10);
      found.push(...keysOf(page));
      cursor = page.cursor;
    } while (cursor !== undefined && found.length < 100);
    assert.deepEqual(found.sort(), Array.from({ length: 25 }, (_, n) => `k${n}`).sort());
  }
});

test('a page has 100 entries unless a limit says otherwise', async () => {
  const store = new MemoryStore();
  for (let n = 0; n < 130; n += 1) await store.set(`k${n}`, n);
  const sizeOf = async (limit) => (await store.inspect({ limit })).keys.length;
  for (const limit of [undefined, null, 0, -1, Number.NaN, '10', {}]) {
    assert.equal(await sizeOf(limit), 100, String(limit));
  }
  assert.equal(await sizeOf(7), 7);
  assert.equal(await sizeOf(0.5), 1);
  assert.equal(await sizeOf(Infinity), 130);
});

test('a foreign cursor starts at the front', async () => {
  const store = new MemoryStore();
  for (const key of ['a', 'b', 'c']) await store.set(key, 1);
  for (const cursor of ['not ours', '-1', '1.5', '99999999999', '', null, 1, {}]) {
    assert.deepEqual(keysOf(await store.inspect({ cursor, limit: 2 })), ['c', 'b'], String(cursor));
  }
  assert.deepEqual(keysOf(await store.inspect({ cursor: '4000000000' })), []);
});

test('the event loop turns while a large page is made, and need not for a small one', async () => {
  const store = new MemoryStore({ levels: { L1: { maxEntries: 0 } } });
  for (let index = 0; index < 2000; index += 1) await store.set(`k${index}`, { index });
  let turns = 0;
  let immediate;
  const count = () => {
    turns += 1;
    immediate = setImmediate(count);
  };
  immediate = setImmediate(count);
  const small = await store.inspect({ limit: 100 });
  assert.deepEqual([small.keys.length, turns], [100, 0]);
  const large = await store.inspect({ limit: 2000 });
  clearImmediate(immediate);
  assert.equal(new Set(keysOf(large)).size, 2000);
  assert.ok(turns >= 10, `${turns} turns`);
});

test('inspect lists the keys that match', async () => {
  const store = new MemoryStore();
  for (const key of ['user:1', 'user:2', 'post:1']) await store.set(key, 1);
  assert.deepEqual(keysOf(await store.inspect({ match: 'user:*' })), ['user:2', 'user:1']);
});

test('inspect refuses bad options, and takes null for not given', async () => {
  const store = new MemoryStore();
  await store.set('k', 1);
  for (const [name, bad, Fault] of [
    ['match', 3, TypeError],
    ['values', 'no', TypeError],
    ['includeValues', 0, TypeError],
    ['maxValueBytes', 'many', TypeError],
    ['maxValueBytes', -1, RangeError],
  ]) {
    await assert.rejects(store.inspect({ [name]: bad }), (error) => {
      assert.ok(error instanceof Fault, String(error));
      assert.equal(error.code, 'INVALID_OPTION');
      assert.match(error.message, /option "(includeValues|match|maxValueBytes)" must be /);
      return true;
    });
  }
  await assert.rejects(store.inspect('k'), { code: 'INVALID_OPTION' });
  const nothing = { cursor: null, limit: null, match: null, values: null, includeValues: null, maxValueBytes: null };
  const { keys } = await store.inspect(nothing);
  assert.deepEqual(
    keys.map(({ value }) => value),
    [1],
  );
});

test('a value whose code calls the store while it is packed disturbs nothing', async () => {
  const store = new MemoryStore();
  class Calls {
    toJSON() {
      store.set('more', 1);
      return 'packed';
    }
  }
  await store.set('k', { nested: new Calls() });
  assert.deepEqual(keysOf(await store.inspect()), ['k']);
  assert.deepEqual(keysOf(await store.inspect()), ['more', 'k']);
});

test('inspect does not list expired entries', async () => {
  const store = new MemoryStore();
  await store.set('short', 1, { ttlMs: 5 });
  await store.set('long', 1);
  await pass(5);
  const page = await store.inspect();
  assert.deepEqual([page.size, keysOf(page)], [1, ['long']]);
});

test('inspect does not count as use', async () => {
  const store = bounded({ maxEntries: 2 });
  await store.set('a', 1);
  await store.set('b', 2);
  await store.inspect();
  await store.inspect({ match: 'a' });
  await store.set('c', 3);
  assert.equal(await store.has('a'), false);
  assert.equal(await store.has('b'), true);
});
