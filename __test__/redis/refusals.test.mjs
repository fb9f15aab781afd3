// A server that refuses single commands is there: a refusal is told, all else goes on.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';
import { standIn } from './kinds.mjs';

const PREFIX = 'r:';

/** By name: an object to give to the store, for a server and perhaps a user. */
const WAYS = {
  'a URL': (t, server, user) => `redis://${user === undefined ? '' : `${user}:secret@`}127.0.0.1:${server.port}`,
  'a stand-in': (t, server, user) => {
    const client = server.client(user === undefined ? {} : { username: user, password: 'secret' });
    t.after(() => client.disconnect());
    return standIn(client);
  },
};

/** A cache without a first layer on a server of its own. */
async function prepare(t, way, user) {
  const { server, client } = await redisWithClient(t, ['--maxmemory-policy', 'noeviction']);
  if (user !== undefined) await client.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '&*', '+@all');
  const options = { prefix: PREFIX };
  const cache = new LazyLayersCache({ l1: false, l2: new RedisStore(WAYS[way](t, server, user), options) });
  t.after(() => cache.close());
  const other = new RedisStore(server.url, options);
  return { server, client, cache, other, ...record(cache) };
}

for (const way of Object.keys(WAYS)) {
  test(`${way}: a full Redis refuses writes, answers reads, and takes deletes`, async (t) => {
    const { client, cache, other, of } = await prepare(t, way);
    await cache.set('warm', 'warm');
    await cache.set('stale', 'old');
    await client.config('SET', 'maxmemory', '1');
    for (let at = 0; at < 10; at += 1) await cache.set(`k${at}`, at);
    assert.ok(of('l2:error').length >= 10);
    assert.ok(of('l2:error').every(({ state, error }) => state === 'closed' && /OOM/.test(error.message)));
    assert.equal(await cache.get('warm'), 'warm');
    await cache.delete('stale');
    assert.equal(await other.has('stale'), false);
    assert.deepEqual(of('l2:skipped'), []);
  });

  test(`${way}: a record of another type is one miss after the other, and no outage`, async (t) => {
    const { client, cache, of } = await prepare(t, way);
    await cache.set('k', 1);
    await client.hset(`${PREFIX}foreign`, 'field', 'value');
    for (let at = 0; at < 5; at += 1) assert.equal(await cache.get('foreign'), undefined);
    assert.equal(await cache.get('k'), 1);
    assert.ok(of('l2:error').every(({ state, error }) => state === 'closed' && /WRONGTYPE/.test(error.message)));
    assert.equal(of('l2:error').length, 5);
  });

  test(`${way}: a key that the user may not read is no outage`, async (t) => {
    const { client, cache, of } = await prepare(t, way, 'some');
    await client.call('ACL', 'SETUSER', 'some', 'resetkeys', `~${PREFIX}__*`, `~${PREFIX}mine:*`);
    await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(async () => {
      await cache.set('mine:k', 1);
      return (await client.exists(`${PREFIX}mine:k`)) === 1;
    }, 'it is connected again');
    for (let at = 0; at < 5; at += 1) assert.equal(await cache.getOrSet('other', () => at), at);
    assert.equal(await cache.get('mine:k'), 1);
    assert.equal(of('l2:error').at(-1).state, 'closed');
  });

  test(`${way}: a primary without its replicas answers reads`, async (t) => {
    const { client, cache, of } = await prepare(t, way);
    await cache.set('k', 1);
    await client.config('SET', 'min-replicas-to-write', '1');
    for (let at = 0; at < 5; at += 1) await cache.set(`k${at}`, at);
    assert.equal(await cache.get('k'), 1);
    assert.ok(of('l2:error').every(({ state, error }) => state === 'closed' && /NOREPLICAS/.test(error.message)));
  });

  for (const [what, spoil] of [
    ['cannot be packed', (client) => [client.ping(), { cyclic: Symbol('x') }]],
    ['Redis refuses', (client) => [client.config('SET', 'maxmemory', '1'), 'new']],
  ]) {
    test(`${way}: a value that ${what} takes the one before it away, from other instances too`, async (t) => {
      const { client, cache, other, of } = await prepare(t, way);
      await cache.set('k', 'old');
      assert.equal(await other.get('k'), 'old');
      const [prepared, value] = spoil(client);
      await prepared;
      await cache.set('k', value);
      assert.equal(await client.exists(`${PREFIX}k`), 0);
      assert.equal(of('l2:error').length, 1);
    });

    test(`${way}: a store by itself rejects a value that ${what}, and loses the one before it`, async (t) => {
      const { server, client } = await redisWithClient(t, ['--maxmemory-policy', 'noeviction']);
      const store = new RedisStore(WAYS[way](t, server), { prefix: PREFIX });
      await store.set('k', 'old');
      const [prepared, value] = spoil(client);
      await prepared;
      await assert.rejects(store.set('k', value));
      assert.equal(await client.exists(`${PREFIX}k`), 0);
      assert.deepEqual(await client.zrange(`${PREFIX}__index`, 0, -1), []);
    });
  }
}

test('a value that is too large for the server ends one connection, then goes by one of its own and is given up', async (t) => {
  const { client, cache, other, of, clear } = await prepare(t, 'a URL');
  await client.config('SET', 'proto-max-bulk-len', String(1024 * 1024));
  const large = randomBytes(2 * 1024 * 1024).toString('latin1');
  await cache.set('k', 'old');
  await cache.set('others', 1);
  await cache.set('k', large);
  await until(async () => (await cache.get('others')) === 1, 'it is connected again');
  clear();
  const connections = async () => Number(/total_connections_received:(\d+)/.exec(await client.info('stats'))[1]);
  const before = await connections();
  for (let at = 0; at < 5; at += 1) {
    const [, read] = await Promise.all([cache.set('k', large), cache.get('others')]);
    assert.equal(read, 1);
  }
  assert.equal((await connections()) - before, 5, 'the connection of the store was not lost');
  assert.ok(
    of('l2:error').every(({ state, error }) => state === 'closed' && /\d{7} bytes|Protocol error/.test(error.message)),
  );
  assert.equal(of('l2:error').length, 5);
  assert.equal(await other.has('k'), false, 'the value before it is gone');
  const fits = randomBytes(300_000).toString('latin1');
  await cache.set('k', fits);
  assert.equal(await other.get('k'), fits);
});

test('a large value under way when a connection was lost for another reason is stored the next time', async (t) => {
  const { client, cache, other } = await prepare(t, 'a URL');
  const large = randomBytes(2 * 1024 * 1024).toString('latin1');
  for (let at = 0; at < 3; at += 1) {
    const written = cache.set('k', large);
    await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await written;
    await until(async () => {
      await cache.set('k', large);
      return (await other.get('k').catch(() => undefined)) === large;
    }, 'it is stored');
    await cache.set('small', 1);
    await cache.delete('k');
    assert.equal(await client.exists(`${PREFIX}k`), 0, 'in the order of the calls');
  }
});

test('operations on a key while its value goes by a connection of its own come after it', async (t) => {
  const { client, cache } = await prepare(t, 'a URL');
  await client.config('SET', 'proto-max-bulk-len', String(1024 * 1024));
  const tooLarge = randomBytes(2 * 1024 * 1024).toString('latin1');
  await cache.set('k', tooLarge);
  await until(async () => {
    await cache.set('there', 1);
    return (await client.exists(`${PREFIX}there`)) === 1;
  }, 'it is connected again');
  await client.config('SET', 'proto-max-bulk-len', String(512 * 1024 * 1024));
  const set = cache.set('k', tooLarge);
  const removed = cache.delete('k');
  await Promise.all([set, removed]);
  assert.equal(await client.exists(`${PREFIX}k`), 0);
});
