import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { packable } from '../serializer/packable.mjs';
import { unpack, pack } from 'msgpackr-1';
import { PublishedLayout } from './published-layout.mjs';
import { sharedServer } from './shared-server.mjs';

const { server, redis } = await sharedServer();

const VALUES = () => ({
  ...packable(),
  nothing: null,
  'a large value': Array.from({ length: 5000 }, (_, id) => ({ id, name: `row ${id}` })),
});
/** A value as it is after it went through `msgpackr`. */
const stored = (value) => (value === null ? null : (unpack(pack(value)) ?? null));

for (const [name, clientOptions] of [
  ['a client', {}],
  ['a client with a keyPrefix', { keyPrefix: 'tenant:' }],
]) {
  const pair = (t, prefix) => {
    const client = server.client(clientOptions);
    t.after(() => client.disconnect());
    return { ours: new RedisStore(client, { prefix }), theirs: new PublishedLayout(client, prefix) };
  };

  test(`${name}: values of 0.4.0 are read, and ours by it`, async (t) => {
    const { ours, theirs } = pair(t, 'values:');
    for (const [key, value] of Object.entries(VALUES())) {
      await theirs.set(key, value, 60_000);
      assert.deepEqual(await ours.get(key), stored(value), key);
      await ours.set(`ours ${key}`, value);
      assert.deepEqual(await theirs.get(`ours ${key}`), stored(value), key);
    }
  });

  test(`${name}: the index is one`, async (t) => {
    const { ours, theirs } = pair(t, 'index:');
    await theirs.set('their', 1, 60_000);
    await ours.set('our', 1);
    assert.deepEqual((await theirs.keys()).sort(), ['our', 'their']);
    assert.equal(await ours.size(), 2);
    const [, score] = await redis.zrange(`${clientOptions.keyPrefix ?? ''}index:__index`, -1, -1, 'WITHSCORES');
    assert.ok(Math.abs(Number(score) - Date.now()) < 5000, 'scores are milliseconds since the epoch');
    await ours.deleteByPattern('th*');
    assert.equal(await theirs.get('their'), undefined);
    await theirs.delete('our');
    assert.equal(await ours.has('our'), false);
    assert.equal(await ours.size(), 0);
  });

  test(`${name}: deletes reach entries that the other wrote`, async (t) => {
    const { ours, theirs } = pair(t, 'deletes:');
    await theirs.set('a', 1, 60_000);
    await ours.delete('a');
    assert.equal(await theirs.get('a'), undefined);
    assert.deepEqual(await theirs.keys(), []);
    await theirs.set('b', 1, 60_000);
    await ours.clear();
    assert.equal(await theirs.get('b'), undefined);
  });

  test(`${name}: locks exclude each other`, async (t) => {
    const { ours, theirs } = pair(t, 'locks:');
    assert.equal(await theirs.acquireLock('k', 'their', 10_000), true);
    assert.equal(await ours.acquireLock('k', 'our', 10_000), false);
    await ours.releaseLock('k', 'our');
    assert.equal(await theirs.releaseLock('k', 'their'), true);
    assert.equal(await ours.acquireLock('k', 'our', 10_000), true);
    assert.equal(await theirs.acquireLock('k', 'their', 10_000), false);
    assert.equal(await theirs.releaseLock('k', 'their'), false);
    await ours.releaseLock('k', 'our');
  });

  test(`${name}: entries of 0.4.0 beyond maxEntries are removed as ours are`, async (t) => {
    const { theirs } = pair(t, 'bounded:');
    const client = server.client(clientOptions);
    t.after(() => client.disconnect());
    const ours = new RedisStore(client, { prefix: 'bounded:', levels: { L2: { maxEntries: 2 } } });
    await theirs.set('oldest', 1, 60_000);
    await redis.zadd(`${clientOptions.keyPrefix ?? ''}bounded:__index`, 1, 'bounded:oldest');
    await ours.set('a', 1);
    await ours.set('b', 1);
    assert.equal(await theirs.get('oldest'), undefined);
    assert.deepEqual((await theirs.keys()).sort(), ['a', 'b']);
  });
}

test('a cache waits for the lock of an instance of 0.4.0 and takes its value', async (t) => {
  const theirs = new PublishedLayout(redis, 'shared:');
  const cache = new LazyLayersCache({
    l2: new RedisStore(server.url, { prefix: 'shared:' }),
    distributedLock: { enabled: true, pollMs: 5 },
  });
  t.after(() => cache.close());
  assert.equal(await theirs.acquireLock('k', 'their', 10_000), true);
  const reading = cache.getOrSet('k', () => assert.fail('the other one loads'));
  await theirs.set('k', { from: '0.4.0' }, 60_000);
  assert.deepEqual(await reading, { from: '0.4.0' });
});
