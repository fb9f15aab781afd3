// `tracking`: Redis tells a cache about changes by others, also by programs that know nothing of this package.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisStore } from '../../index.mjs';
import { heldLoader, pass, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MinimalRedis } from '../support/minimal-redis.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';
import { helloProxy } from './hello-proxy.mjs';

/** A cache whose Redis tells it of changes, and another client of that Redis. */
async function tracked(t, more = {}, options = {}) {
  const world = await redisWithClient(t);
  const made = cacheOn(t, world.server, more, options);
  // Values kept before there is a connection do not outlive its beginning.
  await made.cache.get('none');
  return { ...world, ...made };
}

function cacheOn(t, server, more = {}, options = {}) {
  const store = new RedisStore(server.url, { tracking: true, ...more });
  const cache = new LazyLayersCache({ l2: store, ttlMs: 60_000, ...options });
  t.after(() => cache.close());
  const recorded = record(cache);
  return { store, cache, ...recorded };
}

/** Everything that was told until now has arrived: what is told of another key came after it. */
async function settled({ client, cache, of }) {
  const key = `settled:${Math.random()}`;
  await client.set(`cache:${key}`, 'x');
  await until(() => of('l2:change').some((event) => event.key === key), 'the last change is told', 5000);
  assert.equal(await cache.peek(key), undefined);
}

const never = () => assert.fail('the value is there');

const CHANGES = {
  'a write': (client) => client.set('cache:k', Buffer.from([...Buffer.from('HC1M'), 2])),
  'a delete': (client) => client.del('cache:k'),
  'a delete by a script': (client) => client.eval("redis.call('DEL', KEYS[1])", 1, 'cache:k'),
  'another name': (client) => client.rename('cache:k', 'cache:other'),
};

const HOLDS = {
  loaded: (cache) => cache.getOrSet('k', () => 1),
  'that was set': (cache) => cache.set('k', 1),
  'read from L2': async (cache, server) => {
    const other = new RedisStore(server.url);
    await other.set('k', 1);
    await other.close();
    await cache.get('k');
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  for (const [which, hold] of Object.entries(HOLDS)) {
    test(`${what} by another client ends the entry of L1, of a value ${which}`, async (t) => {
      const { client, cache, server, of } = await tracked(t);
      await hold(cache, server);
      assert.equal(cache.peek('k'), 1);
      await change(client);
      await until(() => cache.peek('k') === undefined, 'L1 has let go');
      await until(() => of('l2:change').some(({ key }) => key === 'k'), 'it is told');
      assert.equal(cache.stats().L2.changes >= 1, true);
    });
  }
}

const WRITES = {
  'a load': {},
  'a load without an index': { more: { useIndex: false } },
  'a load under a lock': { options: { distributedLock: { enabled: true } } },
  'a load under a lock, without an index': {
    more: { useIndex: false },
    options: { distributedLock: { enabled: true } },
  },
  'a load into a store with a bound': { options: { levels: { L2: { maxEntries: 5 } } } },
  'a load of a large value': { value: 'x'.repeat(200_000) },
  'a load of a versioned cache': { options: { versioning: { enabled: true } } },
};

for (const [what, { more, options, value = { a: 1 } }] of Object.entries(WRITES)) {
  test(`${what} keeps its own entry in L1, and so does a set`, async (t) => {
    const world = await tracked(t, more, options);
    const { cache, of, client } = world;
    await cache.getOrSet('k', () => value);
    await cache.set('s', value);
    await settled(world);
    assert.deepEqual(cache.peek('k'), value);
    assert.deepEqual(cache.peek('s'), value);
    assert.deepEqual(
      of('l2:change').filter(({ key }) => !key.startsWith('settled:')),
      [],
    );
    assert.ok((await client.keys('cache:k*')).length === 1, 'it is in Redis under its own name');
    assert.ok((await client.pttl((await client.keys('cache:k*'))[0])) > 50_000, 'with its lifetime');
    assert.ok(!(await client.keys('*')).some((name) => name.includes('__lock:')), 'nothing stays beside it');
  });
}

test('an overtaken load under tracking leaves the entry in Redis', async (t) => {
  const world = await tracked(t);
  const { cache, server, client } = world;
  const plain = new LazyLayersCache({ l2: new RedisStore(server.url), l1: false, ttlMs: 60_000 });
  t.after(() => plain.close());
  const load = heldLoader();
  const loading = cache.getOrSet('k', load);
  await load.called;
  await plain.delete('k');
  await plain.set('k', 'newer');
  load.resolve('older');
  assert.equal(await loading, 'older');
  await settled(world);
  assert.equal(cache.peek('k'), undefined);
  assert.equal(await cache.getOrSet('k', never), 'newer');
  assert.ok(!(await client.keys('*')).some((name) => name.includes('__lock:')));
});

test('a change during a load keeps its value out of both layers', async (t) => {
  const world = await tracked(t);
  const { cache, client } = world;
  const load = heldLoader();
  const loading = cache.getOrSet('k', load);
  await load.called;
  await client.set('cache:k', Buffer.from([...Buffer.from('HC1M'), 7]));
  await settled(world);
  load.resolve('older');
  assert.equal(await loading, 'older');
  assert.equal(cache.peek('k'), undefined);
  assert.equal(await client.getBuffer('cache:k').then((payload) => payload.at(-1)), 7);
});

test('two caches over one store, and the store itself, hear of each other', async (t) => {
  const { store, cache, ...world } = await tracked(t);
  const other = new LazyLayersCache({ l2: store, ttlMs: 60_000 });
  t.after(() => other.close());
  await cache.set('k', 1);
  assert.equal(await other.get('k'), 1);
  await cache.set('k', 2);
  await until(() => other.peek('k') === undefined, 'the other cache has let go');
  await store.set('k', 3);
  await until(() => cache.peek('k') === undefined, 'both have');
  assert.equal(await cache.get('k'), 3);
  assert.ok(world.of('l2:change').length > 0);
});

test('a lost connection is a gap: L1 is read again', async (t) => {
  const { cache, client, of } = await tracked(t);
  await cache.set('k', 1);
  await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(() => of('bus:gap').length > 0, 'the gap is told');
  assert.deepEqual(of('bus:gap')[0], { type: 'bus:gap', reason: 'tracking', missed: 0 });
  assert.equal(cache.peek('k'), undefined);
  await until(async () => (await cache.get('k')) === 1 && cache.peek('k') === 1, 'it is kept again');
  await client.del('cache:k');
  await until(() => cache.peek('k') === undefined, 'the new connection is tracked');
});

test('a value kept while there was no connection is not served after it', async (t) => {
  const { cache, server, of } = await tracked(t);
  await cache.set('k', 1);
  await server.kill();
  await until(() => of('bus:gap').length > 0, 'the gap is told');
  await cache.getOrSet('during', () => 1);
  assert.equal(cache.peek('during'), 1);
  await server.start();
  await until(() => cache.peek('during') === undefined, 'it is not known whether it stands');
});

test('a server that is emptied is a gap', async (t) => {
  const { cache, client, of } = await tracked(t);
  await cache.set('k', 1);
  await client.flushall();
  await until(() => of('bus:gap').length > 0, 'the gap is told');
  assert.equal(cache.peek('k'), undefined);
});

test('a stale copy stays when its key expires, and goes when another deletes it', async (t) => {
  const { cache, client, of } = await tracked(
    t,
    {},
    { failSafe: { enabled: true, staleTtlMs: 60_000 }, levels: { L1: { ttlMs: 60_000 }, L2: { ttlMs: 300 } } },
  );
  const fails = () => Promise.reject(new Error('the source is down'));
  await cache.set('expires', 'old');
  await cache.expire('expires');
  assert.equal(await cache.getOrSet('expires', fails), 'old');
  await cache.set('k', 'old', { levels: { L1: { ttlMs: 30 } } });
  await pass(30);
  await until(() => of('l2:change').some(({ key }) => key === 'k'), 'Redis tells that it has expired');
  assert.equal(await cache.getOrSet('k', fails), 'old');
  await cache.set('deleted', 'old', { levels: { L2: { ttlMs: 60_000 } } });
  await client.del('cache:deleted');
  await until(() => cache.peek('deleted') === undefined, 'L1 has let go');
  await assert.rejects(cache.getOrSet('deleted', fails), /the source is down/);
});

test('a server of RESP2 cannot tell: one l2:error says so, and the cache works', async (t) => {
  const server = await redisServer(t);
  const proxy = await helloProxy(t, server.port, "-ERR unknown command 'HELLO'");
  const { cache, of } = cacheOn(t, { url: `redis://127.0.0.1:${proxy.port}` });
  await cache.set('k', 1);
  await cache.delete('k');
  assert.equal(await cache.getOrSet('k', () => 2), 2);
  const errors = of('l2:error').filter(({ error }) => /does not track changes/.test(error.message));
  assert.equal(errors.length, 1);
});

test('a user without the right to CLIENT TRACKING is told so once', async (t) => {
  const { client, server } = await redisWithClient(t);
  await client.acl('SETUSER', 'some', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking');
  const { cache, of } = cacheOn(t, { url: `redis://some:secret@127.0.0.1:${server.port}` });
  await cache.set('k', 1);
  await cache.get('k');
  assert.match(of('l2:error')[0]?.error.message ?? '', /does not track changes.*client\|tracking/i);
});

for (const [given, type] of Object.entries({ '"yes"': 'yes', 1: 1 })) {
  test(`tracking: ${given} is refused`, () => {
    assert.throws(() => new RedisStore('redis://localhost', { tracking: type }), /option "tracking" must be/);
  });
}

test('a client that is driven cannot be tracked, and the error says so', () => {
  assert.throws(
    () => new RedisStore(new MinimalRedis(), { tracking: true }),
    /option "tracking" must be false over a client/,
  );
});

test('a closed cache is told nothing any more, and the store goes on', async (t) => {
  const { cache, store, client, of } = await tracked(t);
  await cache.set('k', 1);
  await cache.close();
  const before = of('l2:change').length;
  await client.set('cache:k', 'x');
  await store.set('other', 1);
  assert.equal(await store.get('other'), 1);
  assert.equal(of('l2:change').length, before);
  assert.equal(of('bus:gap').length, 0);
});

test('a value that is read while it is changed is not kept', async (t) => {
  // The answer to the read is held back until the change was told: both come by the same connection.
  const world = await tracked(t);
  const { cache, client } = world;
  const rounds = 200;
  for (let round = 0; round < rounds; round++) {
    await client.set('cache:k', Buffer.from([...Buffer.from('HC1M'), round % 100]));
    const reads = [cache.get('k'), client.set('cache:k', Buffer.from([...Buffer.from('HC1M'), 101])), cache.get('k')];
    await Promise.all(reads);
    await settled(world);
    assert.equal(await cache.get('k'), 101);
  }
});

test('a tag that another instance invalidates ends its entries, without a bus', async (t) => {
  const { cache, server, of } = await tracked(t);
  await cache.set('k', 1, { tags: ['red'] });
  await cache.set('other', 2, { tags: ['blue'] });
  assert.equal(cache.peek('k'), 1);
  const peer = new LazyLayersCache({ l2: new RedisStore(server.url) });
  t.after(() => peer.close());
  await peer.deleteByTag('red');
  await until(() => cache.peek('k') === undefined, 'L1 has let go');
  assert.equal(await cache.get('k'), undefined);
  assert.equal(cache.peek('other'), 2);
  assert.ok(of('delete-tag').some(({ tag, remote }) => tag === 'red' && remote));
});

test('a load under way stores nothing when another instance invalidates its tag, without a bus', async (t) => {
  const { cache, server, of } = await tracked(t);
  const loader = heldLoader();
  const loaded = cache.getOrSet('k', loader, { tags: ['red'] });
  await loader.called;
  const peer = new LazyLayersCache({ l2: new RedisStore(server.url) });
  t.after(() => peer.close());
  await peer.deleteByTag('red');
  await until(() => of('delete-tag').some(({ tag }) => tag === 'red'), 'it is told');
  loader.resolve(1);
  assert.equal(await loaded, 1);
  assert.equal(cache.peek('k'), undefined);
  assert.equal(await cache.get('k'), undefined);
});

test('a change ends an entry that was just written to a store of several caches', async (t) => {
  const l1 = new MemoryStore();
  const { client, cache, of } = await tracked(t, {}, { l1 });
  await l1.set('k', 1);
  await client.set('cache:k', 'x');
  await settled({ client, cache, of });
  assert.equal(await l1.get('k'), undefined);
});
