import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pass, until } from '../support/deferred.mjs';
import { KINDS } from './kinds.mjs';
import { nextPrefix, sharedServer } from './shared-server.mjs';

const { redis, storeOf } = await sharedServer();

for (const kind of Object.keys(KINDS)) {
  test(`${kind}: a value is stored, read and removed`, async (t) => {
    const store = storeOf(t, kind);
    assert.equal(await store.get('k'), undefined);
    assert.equal(await store.has('k'), false);
    assert.equal(await store.set('k', { a: [1, new Date(5)] }), undefined);
    assert.deepEqual(await store.get('k'), { a: [1, new Date(5)] });
    assert.equal(await store.has('k'), true);
    assert.equal(await store.size(), 1);
    assert.equal(await store.delete('k'), undefined);
    assert.equal(await store.get('k'), undefined);
    assert.equal(await store.size(), 0);
  });

  test(`${kind}: null and undefined are read as null`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('null', null);
    await store.set('undefined', undefined);
    assert.deepEqual(
      [await store.get('null'), await store.get('undefined'), await store.has('null')],
      [null, null, true],
    );
  });

  test(`${kind}: a number addresses the same entry as its decimal string`, async (t) => {
    const store = storeOf(t, kind);
    await store.set(7, 'seven');
    assert.equal(await store.get('7'), 'seven');
    await store.delete('7');
    assert.equal(await store.has(7), false);
  });

  test(`${kind}: large values are gzipped and read back`, async (t) => {
    const store = storeOf(t, kind);
    const value = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `row ${id}` }));
    await store.set('rows', value);
    assert.equal((await redis.getBuffer(`${store.prefix}rows`)).subarray(0, 4).toString(), 'HC1G');
    assert.deepEqual(await store.get('rows'), value);
  });

  test(`${kind}: an entry lives as long as the call, else the store, else an hour says`, async (t) => {
    const store = storeOf(t, kind);
    const own = storeOf(t, kind, { ttlMs: 50_000, levels: { L2: { ttlMs: 20_000 } } });
    const near = async (name, ttlMs) => {
      const left = await redis.pttl(name);
      assert.ok(left > ttlMs - 5000 && left <= ttlMs, `${name}: ${left}`);
    };
    await store.set('hour', 1);
    await near(`${store.prefix}hour`, 3_600_000);
    await own.set('own', 1);
    await near(`${own.prefix}own`, 20_000);
    await own.set('call', 1, { ttlMs: 10_000 });
    await near(`${own.prefix}call`, 10_000);
    await own.set('level', 1, { ttlMs: 10_000, levels: { L2: { ttlMs: 30_000 } } });
    await near(`${own.prefix}level`, 30_000);
    for (const ttlMs of [0, Infinity]) {
      await store.set('forever', 1, { ttlMs });
      assert.equal(await redis.pttl(`${store.prefix}forever`), -1);
    }
    await store.set('long', 1, { ttlMs: 2 ** 40 });
    await near(`${store.prefix}long`, 2 ** 40);
  });

  test(`${kind}: an expired entry is gone, and a read of it leaves the index`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1, { ttlMs: 30 });
    await pass(30);
    assert.equal(await store.get('k'), undefined);
    await store.get('k');
    await until(async () => (await redis.zcard(`${store.prefix}__index`)) === 0, 'it has left the index');
  });

  for (const useIndex of [true, false]) {
    test(`${kind}: patterns remove the keys that match and no others, ${useIndex ? 'by the index' : 'by scans'}`, async (t) => {
      const prefix = `glob[${nextPrefix()}]*?:`;
      const store = storeOf(t, kind, { prefix, useIndex, scanCount: 3, batchSize: 2 });
      const keys = ['user:1', 'user:2', 'user:10', 'other', 'user[1]', 'usér:3', 'user:🦀'];
      await Promise.all(keys.map((key) => store.set(key, key)));
      const foreign = ['foreign:user:1', prefix.replace('*', 'x') + 'user:1'];
      await Promise.all(foreign.map((key) => redis.set(key, 'theirs')));
      const left = async () =>
        (await Promise.all(keys.map(async (key) => ((await store.has(key)) ? [key] : [])))).flat();

      await store.deleteByPattern('user:?');
      assert.deepEqual(await left(), ['user:10', 'other', 'user[1]', 'usér:3']);
      await store.deleteByPattern('user[1]');
      assert.deepEqual(await left(), ['user:10', 'other', 'usér:3']);
      await store.deleteByPattern('us*:*');
      assert.deepEqual(await left(), ['other']);
      await store.clear();
      assert.deepEqual(await left(), []);
      assert.equal(await store.size(), 0);
      assert.deepEqual(await redis.mget(foreign), ['theirs', 'theirs']);
      await redis.del(foreign);
    });
  }

  test(`${kind}: clear leaves locks and takes whole batches`, async (t) => {
    const store = storeOf(t, kind, { batchSize: 7 });
    await Promise.all(Array.from({ length: 50 }, (_, id) => store.set(`k${id}`, id)));
    await store.acquireLock('k1', 'token', 10_000);
    await store.clear();
    assert.equal(await store.size(), 0);
    const names = (await redis.keys(`${store.prefix}*`)).sort();
    // The set beside the index keeps its marker.
    assert.deepEqual(
      names.filter((name) => name !== `${store.prefix}__index:expiry`),
      [`${store.prefix}__lock:k1`, `${store.prefix}__marks`],
    );
  });

  test(`${kind}: without an index none is kept, and the size is that of a scan`, async (t) => {
    const store = storeOf(t, kind, { useIndex: false });
    await Promise.all([store.set('a', 1), store.set('b', 2)]);
    assert.equal(await redis.exists(`${store.prefix}__index`), 0);
    assert.equal(await store.size(), 2);
  });

  test(`${kind}: beyond maxEntries the oldest are removed`, async (t) => {
    const store = storeOf(t, kind, { levels: { L2: { maxEntries: 3 } } });
    for (const [at, key] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      await store.set(key, at);
      await redis.zadd(`${store.prefix}__index`, at, store.prefix + key);
    }
    assert.equal(await store.size(), 3);
    assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => store.has(key))), [
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  test(`${kind}: an index of another name and del for unlink`, async (t) => {
    const indexKey = `listed:${kind}`;
    const store = storeOf(t, kind, { indexKey, deleteStrategy: 'del' });
    await store.set('a', 1);
    assert.deepEqual(await redis.zrange(indexKey, 0, -1), [`${store.prefix}a`]);
    await store.delete('a');
    assert.equal(await redis.exists(indexKey, `${store.prefix}a`), 0);
  });

  test(`${kind}: a lock has one owner, who alone releases it`, async (t) => {
    const store = storeOf(t, kind);
    assert.equal(await store.acquireLock('k', 'one', 10_000), true);
    assert.equal(await store.acquireLock('k', 'two', 10_000), false);
    await store.releaseLock('k', 'two');
    assert.equal(await redis.get(`${store.prefix}__lock:k`), 'one');
    await store.releaseLock('k', 'one');
    assert.equal(await store.acquireLock('k', 'two', 30), true);
    await pass(30);
    assert.equal(await store.acquireLock('k', 'three', 1000), true);
  });

  test(`${kind}: getOrSet loads once and stores`, async (t) => {
    const store = storeOf(t, kind);
    let loads = 0;
    const load = async () => ({ loaded: (loads += 1) });
    const all = await Promise.all(Array.from({ length: 20 }, () => store.getOrSet('k', load)));
    assert.deepEqual(new Set(all.map(({ loaded }) => loaded)), new Set([1]));
    assert.deepEqual(await store.getOrSet('k', load), { loaded: 1 });
    assert.deepEqual(await store.get('k'), { loaded: 1 });
  });

  test(`${kind}: a record that cannot be read rejects get`, async (t) => {
    const store = storeOf(t, kind);
    await store.set('k', 1);
    await redis.set(`${store.prefix}k`, 'HC1Gbroken');
    await assert.rejects(store.get('k'), /cannot be read/);
  });

  test(`${kind}: arguments of the wrong kind are named`, async (t) => {
    const store = storeOf(t, kind);
    for (const call of [
      store.get({}),
      store.set(null, 1),
      store.deleteByPattern(5),
      store.acquireLock('k', 5, 10),
      store.acquireLock('k', 't', 0),
      store.releaseLock('k'),
    ]) {
      await assert.rejects(call, { code: 'INVALID_ARGUMENT' });
    }
    await assert.rejects(store.set('k', 1, { ttlMs: 'soon' }), { code: 'INVALID_OPTION', message: /"ttlMs"/ });
  });

  test(`${kind}: many operations at once are answered each with its own`, async (t) => {
    const store = storeOf(t, kind);
    const ids = Array.from({ length: 2000 }, (_, id) => id);
    await Promise.all(ids.map((id) => store.set(`k${id}`, { id })));
    const read = await Promise.all(ids.map((id) => store.get(`k${id}`)));
    assert.ok(read.every((value, id) => value.id === id));
  });
}
