// A look into a store in Redis.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateValueBytes, isInspectableStore } from '../../index.mjs';
import { KINDS } from './kinds.mjs';
import { sharedServer } from './shared-server.mjs';

const { redis, storeOf } = await sharedServer();

for (const kind of Object.keys(KINDS)) {
  test(`${kind}: pages show every entry once`, async (t) => {
    const store = storeOf(t, kind);
    assert.ok(isInspectableStore(store));
    await Promise.all(Array.from({ length: 25 }, (_, id) => store.set(`k${id}`, { id })));
    await store.set('other', 1, { ttlMs: Infinity });
    const seen = new Map();
    let cursor;
    do {
      const page = await store.inspect({ limit: 4, cursor, match: 'k*' });
      assert.equal(page.size, 26);
      assert.ok(page.keys.length <= 4);
      for (const entry of page.keys) seen.set(entry.key, entry);
      cursor = page.cursor;
    } while (cursor !== undefined);
    assert.deepEqual([...seen.keys()].sort(), Array.from({ length: 25 }, (_, id) => `k${id}`).sort());
    const { ttlRemainingMs, ...entry } = seen.get('k3');
    assert.ok(ttlRemainingMs > 3_500_000 && ttlRemainingMs <= 3_600_000);
    const serializedBytes = (await redis.getBuffer(`${store.prefix}k3`)).length;
    assert.deepEqual(entry, {
      key: 'k3',
      serializedBytes,
      deserializedBytes: 8,
      compressionRatio: 0,
      encoding: 'msgpack',
      value: { id: 3 },
    });
  });

  test(`${kind}: an entry that does not expire has -1 milliseconds left`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1, { ttlMs: Infinity });
    for (const includeValues of [true, false]) {
      const [entry] = (await store.inspect({ includeValues })).keys;
      assert.equal(entry.ttlRemainingMs, -1);
    }
  });

  test(`${kind}: an entry that has gone since it was listed has -2 milliseconds left`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1);
    await redis.del(`${store.prefix}k`);
    const gone = {
      key: 'k',
      ttlRemainingMs: -2,
      serializedBytes: 0,
      deserializedBytes: 0,
      compressionRatio: 0,
      encoding: 'legacy',
    };
    for (const includeValues of [true, false]) {
      const { keys } = await store.inspect({ includeValues });
      for (const entry of keys) assert.deepEqual(entry, gone);
    }
  });

  test(`${kind}: the ratio of a gzipped entry is the share that is saved`, async (t) => {
    const store = storeOf(t, kind);
    const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, name: `row ${id}` }));
    await store.set('k', rows);
    const [{ serializedBytes, deserializedBytes, compressionRatio, encoding }] = (await store.inspect()).keys;
    assert.equal(encoding, 'msgpack-gzip');
    assert.equal(deserializedBytes, estimateValueBytes(rows));
    assert.equal(compressionRatio, 1 - serializedBytes / deserializedBytes);
  });

  test(`${kind}: without values none are read`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 'x'.repeat(1000));
    await redis.config('RESETSTAT');
    for (const option of ['includeValues', 'values']) {
      const [{ ttlRemainingMs, ...entry }] = (await store.inspect({ [option]: false })).keys;
      assert.ok(ttlRemainingMs > 0);
      assert.deepEqual(entry, {
        key: 'k',
        serializedBytes: 0,
        deserializedBytes: 0,
        compressionRatio: 0,
        encoding: 'legacy',
      });
    }
    assert.doesNotMatch(await redis.info('commandstats'), /cmdstat_get:/);
  });

  test(`${kind}: a value beyond maxValueBytes is left out`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 'x'.repeat(1001));
    const [{ truncated, value, deserializedBytes }] = (await store.inspect({ maxValueBytes: 1000 })).keys;
    assert.deepEqual([truncated, value, deserializedBytes], [true, undefined, 1001]);
    const [whole] = (await store.inspect({ maxValueBytes: 1001 })).keys;
    assert.deepEqual([whole.truncated, whole.value.length], [undefined, 1001]);
  });

  test(`${kind}: a foreign cursor starts at the front`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1);
    for (const cursor of ['x', '5', '0.0.0.0', '', 5, null]) {
      const { keys } = await store.inspect({ cursor });
      assert.deepEqual(
        keys.map(({ key }) => key),
        ['k'],
        String(cursor),
      );
    }
  });

  test(`${kind}: a limit that is none means 100`, async (t) => {
    const store = storeOf(t, kind);
    await Promise.all(Array.from({ length: 120 }, (_, id) => store.set(`k${id}`, id)));
    for (const limit of [0, -5, '5', Number.NaN, undefined]) {
      const { keys } = await store.inspect({ limit });
      assert.ok(keys.length > 7 && keys.length <= 100, `${limit}: ${keys.length}`);
    }
  });

  test(`${kind}: inspect refuses unknown options`, async (t) => {
    const store = storeOf(t, kind);
    for (const options of [{ match: 1 }, { values: 'no' }, { includeValues: 1 }, { maxValueBytes: -1 }, 'k']) {
      await assert.rejects(store.inspect(options), { code: 'INVALID_OPTION' });
    }
  });

  test(`${kind}: a record that cannot be read shows without a value`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1);
    await redis.set(`${store.prefix}k`, 'HC1Gbroken');
    const { keys } = await store.inspect();
    assert.deepEqual(
      keys.map(({ key, value }) => [key, value ?? null]),
      [['k', null]],
    );
  });

  test(`${kind}: a look does not change stored entries`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1);
    await store.set('l', 1);
    const scores = () => redis.zrange(`${store.prefix}__index`, 0, -1, 'WITHSCORES');
    const before = await scores();
    await store.inspect();
    assert.deepEqual(await scores(), before);
  });

  test(`${kind}: a foreign value under a key does not take the page away`, async (t) => {
    const store = storeOf(t, kind);
    await Promise.all([store.set('hash', 1), store.set('k', 2)]);
    await redis.del(`${store.prefix}hash`);
    await redis.hset(`${store.prefix}hash`, 'field', 'value');
    const { keys } = await store.inspect();
    assert.deepEqual(
      new Map(keys.map(({ key, value }) => [key, value])),
      new Map([
        ['hash', undefined],
        ['k', 2],
      ]),
    );
  });
}
