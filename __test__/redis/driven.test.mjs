// Clients that the addon drives: the commands that reach them, and the effects of their failures.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MinimalRedis } from '../support/minimal-redis.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';
import { standIn } from './kinds.mjs';

const RedisMock = createRequire(new URL('../tools/package.json', import.meta.url))('ioredis-mock');

const cacheOver = (t, client, options = {}) => {
  const l2 = new RedisStore(client, options.store);
  const cache = new LazyLayersCache({ l1: false, l2, logging: { enabled: false }, ...options.cache });
  t.after(() => cache.close({ timeoutMs: 0 }));
  return { l2, cache, told: record(cache) };
};

test('the writes of one turn reach a client as one pipeline, each entry listed before and after it', async () => {
  const client = new MinimalRedis();
  const store = new RedisStore(client, { prefix: 'p:' });
  await store.get('k');
  let pipelines = 0;
  const pipeline = client.pipeline.bind(client);
  client.pipeline = () => {
    pipelines++;
    return pipeline();
  };
  client.calls.length = 0;
  await Promise.all(['a', 'b', 'c'].map((key) => store.set(key, key)));
  assert.equal(pipelines, 1);
  const written = client.calls.map(([method, ...args]) => [
    method,
    ...args.filter((arg) => String(arg).startsWith('p:')),
  ]);
  assert.deepEqual(
    written,
    ['a', 'b', 'c'].flatMap((key) => [
      ['zadd', 'p:__index', `p:${key}`],
      ['set', `p:${key}`],
      ['zadd', 'p:__index', `p:${key}`],
    ]),
  );
});

test('values reach a client as bytes, names and tokens as texts, numbers as numbers', async () => {
  const client = new MinimalRedis();
  const store = new RedisStore(client, { prefix: 'p:' });
  await store.set('12', 'value', { ttlMs: 1000 });
  await store.acquireLock('12', '34', 500);
  assert.equal(await store.releaseLock('12', '34'), undefined);
  const [listed, set, again, lock, released] = client.calls;
  assert.deepEqual([typeof listed[2], listed[3], again.length], ['number', 'p:12', 4]);
  assert.deepEqual([set[1], Buffer.isBuffer(set[2]), set[3], set[4]], ['p:12', true, 'PX', 1000]);
  assert.deepEqual(lock, ['set', 'p:__lock:12', '34', 'PX', 500, 'NX']);
  assert.deepEqual(released, ['eval', 'p:__lock:12', '34']);
});

test('an error of a client is told in its words, counts as a failure, and stops no later call', async (t) => {
  const client = new MinimalRedis();
  const { cache, told } = cacheOver(t, client);
  await cache.set('k', 1);
  const { getBuffer } = client;
  client.getBuffer = async () => {
    throw new Error('the stand-in\r\nis broken');
  };
  assert.equal(await cache.get('k'), undefined);
  delete client.getBuffer;
  assert.equal(client.getBuffer, getBuffer);
  assert.equal(await cache.get('k'), 1);
  const [{ error }] = told.of('l2:error');
  assert.match(error.message, /the stand-in is broken/);
});

test('a reply of a server is no failure of its client, an error that is none opens the circuit', async (t) => {
  const client = new MinimalRedis();
  const resilience = { l2CircuitBreaker: { failureThreshold: 1 } };
  const { cache, told } = cacheOver(t, client, { cache: { resilience } });
  client.getBuffer = async () => {
    throw Object.assign(new Error('WRONGTYPE Operation against another kind of value'), { name: 'ReplyError' });
  };
  assert.equal(await cache.get('k'), undefined);
  assert.equal(told.of('l2:error')[0].state, 'closed');
  client.getBuffer = () => {
    throw new TypeError('down');
  };
  assert.equal(await cache.get('k'), undefined);
  assert.equal(told.of('l2:error')[1].state, 'open');
});

test('a client that does not answer fails a call after commandTimeoutMs, and is used again', async (t) => {
  const client = new MinimalRedis();
  const { l2 } = cacheOver(t, client, { store: { commandTimeoutMs: 50 } });
  await l2.set('k', 1);
  const held = deferred();
  client.getBuffer = () => held.promise;
  await assert.rejects(l2.get('k'), { message: /the given client did not answer within 50 ms/ });
  delete client.getBuffer;
  assert.equal(await l2.get('k'), 1);
  held.resolve(null);
});

test('an object without pipelines and unlink does', async () => {
  const values = new Map();
  const store = new RedisStore(
    {
      set: async (name, value) => values.set(name, value) && 'OK',
      getBuffer: async (name) => values.get(name) ?? null,
      exists: async (name) => Number(values.has(name)),
      del: async (...names) => names.filter((name) => values.delete(name)).length,
    },
    { useIndex: false },
  );
  await store.set('k', { a: 1 });
  assert.deepEqual([await store.get('k'), await store.has('k')], [{ a: 1 }, true]);
  await store.delete('k');
  assert.deepEqual([await store.get('k'), values.size], [undefined, 0]);
});

test('a command that a client does not know is an error of that call alone', async () => {
  const client = new MinimalRedis();
  client.zcard = undefined;
  const store = new RedisStore(client);
  await store.set('k', 1);
  await assert.rejects(store.size(), { message: /unknown command 'zcard'/ });
  assert.equal(await store.get('k'), 1);
});

test('a command that a pipeline lacks is an error of the calls that need it alone', async () => {
  const client = new MinimalRedis();
  const pipeline = client.pipeline.bind(client);
  client.pipeline = () => Object.assign(pipeline(), { zrem: undefined, unlink: undefined, del: undefined });
  const store = new RedisStore(client);
  await store.set('k', 1);
  const [deleted, got, has, set] = await Promise.allSettled([
    store.delete('k'),
    store.get('k'),
    store.has('k'),
    store.set('other', 2),
  ]);
  assert.match(deleted.reason.message, /unknown command 'unlink'/);
  assert.deepEqual([got.value, has.value, set.status], [1, true, 'fulfilled']);
  assert.equal(await store.get('other'), 2);
});

for (const [what, pipeline] of Object.entries({
  'makes no pipeline': () => {
    throw new Error('no pipeline today');
  },
  'takes no command of one': () => ({
    set() {
      throw new Error('no pipeline today');
    },
    zadd() {
      return this;
    },
    exec: async () => [],
  }),
  'sends none': () => ({
    set() {
      return this;
    },
    zadd() {
      return this;
    },
    exec() {
      throw new Error('no pipeline today');
    },
  }),
})) {
  test(`a client that ${what} fails these commands alone, and no rejection is left unhandled`, async () => {
    const unhandled = [];
    const hear = (reason) => unhandled.push(reason);
    process.on('unhandledRejection', hear);
    const client = new MinimalRedis();
    client.pipeline = pipeline;
    client.getBuffer = () => Promise.reject(new Error('no read today'));
    const store = new RedisStore(client);
    const [got, set, has] = await Promise.allSettled([store.get('k'), store.set('k', 1), store.has('k')]);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    assert.match(got.reason.message, /no read today/);
    assert.match(set.reason.message, /no pipeline today/);
    assert.equal(has.value, false);
    assert.deepEqual(unhandled, []);
  });
}

test('a client that imitates scripts is used without them: a value loaded after a delete is stored', async (t) => {
  const client = new RedisMock({ host: 'imitated' });
  const { cache, told } = cacheOver(t, client);
  await cache.set('k', 1);
  await cache.delete('k');
  assert.equal(await cache.getOrSet('k', () => 2), 2);
  assert.equal(await cache.get('k'), 2);
  assert.deepEqual(told.of('l2:error'), []);
});

test('a client without a connection is asked again whether it runs scripts', async () => {
  const asked = [];
  const down = () => Promise.reject(new Error('the connection is closed'));
  const client = new MinimalRedis();
  Object.assign(client, { status: 'connecting', hget: down, pttl: async () => -1, zcount: down, zscore: down });
  Object.assign(client, { getrange: down, eval: (text) => asked.push(text) && down() });
  const store = new RedisStore(client);
  await store.set('k', 1);
  await store.get('k');
  assert.equal(asked.length, 2);
  client.status = 'ready';
  assert.equal(await store.get('k'), 1);
  assert.equal(await store.get('k'), 1);
  assert.equal(asked.length, 3, 'then its answer is the last word');
});

test('a store over a client ends no client, and its own operations', async () => {
  const client = new MinimalRedis();
  const store = new RedisStore(client);
  await store.set('k', 1);
  await store.close();
  await assert.rejects(store.get('k'), { message: /was closed/ });
  assert.equal(await new RedisStore(client).get('k'), 1);
});

test('a store that nobody holds finishes its operations', async () => {
  const held = deferred();
  const client = new MinimalRedis();
  await new RedisStore(client).set('k', 1);
  const getBuffer = client.getBuffer.bind(client);
  client.getBuffer = async (name) => {
    await held.promise;
    return getBuffer(name);
  };
  const read = new RedisStore(client).get('k');
  globalThis.gc?.();
  await until(() => client.calls.length > 0, 'it was written');
  held.resolve();
  assert.equal(await read, 1);
});

test('a client that calls the cache, and one that returns no valid answer, hold nothing up', async (t) => {
  const client = new MinimalRedis();
  const { cache, told } = cacheOver(t, client);
  await cache.set('inner', 1);
  const getBuffer = client.getBuffer.bind(client);
  let isCalled = false;
  client.getBuffer = (name) => {
    if (isCalled) return getBuffer(name);
    isCalled = true;
    // Before it returns, and before it answers.
    return cache.get('inner').then((inner) => cache.set('outer', inner).then(() => getBuffer(name)));
  };
  assert.equal(await cache.get('outer'), 1);
  for (const answer of [Object.create(null), 5, [[]], Symbol('none')]) {
    client.getBuffer = async () => answer;
    assert.equal(await cache.get('inner'), undefined);
  }
  assert.equal(told.of('l2:error').length, 4);
  delete client.getBuffer;
  assert.equal(await cache.get('inner'), 1);
});

test('no call waits for a client that has failed, and its return ends the cooldown', async (t) => {
  const client = Object.assign(new MinimalRedis(), { events: new EventEmitter() });
  client.on = (...args) => client.events.on(...args);
  const resilience = { l2CircuitBreaker: { failureThreshold: 1, cooldownMs: 600_000 } };
  const { cache, told } = cacheOver(t, client, { cache: { resilience } });
  await cache.set('k', 1);
  client.getBuffer = () => Promise.reject(new Error('down'));
  await cache.get('k');
  await cache.get('k');
  assert.deepEqual(
    ['l2:error', 'l2:skipped'].map((type) => told.of(type).map(({ state }) => state)),
    [['open'], ['open']],
  );
  delete client.getBuffer;
  client.events.emit('ready');
  await until(async () => (await cache.get('k')) === 1, 'it is used again');
});

test('stores over one client share its state in the addon, and one listener', async () => {
  const client = Object.assign(new MinimalRedis(), { events: new EventEmitter() });
  client.on = (...args) => client.events.on(...args);
  const stores = Array.from({ length: 20 }, (_, at) => new RedisStore(client, { prefix: `${at}:` }));
  let pipelines = 0;
  const pipeline = client.pipeline.bind(client);
  client.pipeline = () => {
    pipelines++;
    return pipeline();
  };
  await stores[0].get('k');
  await Promise.all(stores.map((store) => store.set('k', 1)));
  assert.deepEqual([client.events.listenerCount('ready'), pipelines], [1, 1]);
});

test('a client that answers numbers as texts: values, sizes, pages, locks, tags and patterns', async (t) => {
  const { client } = await redisWithClient(t, [], { stringNumbers: true });
  const { l2, cache, told } = cacheOver(t, standIn(client));
  await cache.set('k', 1, { tags: ['t'] });
  await l2.set('short', 2, { ttlMs: 60_000 });
  assert.deepEqual([await cache.get('k'), await l2.has('k'), await l2.size()], [1, true, 2]);
  const { keys } = await l2.inspect();
  assert.ok(keys.find(({ key }) => key === 'short').ttlRemainingMs > 0);
  assert.equal(await l2.acquireLock('k', 'token', 60_000), true);
  await l2.releaseLock('k', 'token');
  assert.equal(await l2.acquireLock('k', 'token', 60_000), true);
  await cache.deleteByTag('t');
  assert.equal(await cache.get('k'), undefined);
  await cache.clear();
  assert.deepEqual([await l2.get('short'), await l2.size()], [undefined, 0]);
  assert.deepEqual(told.of('l2:error'), []);
});

test('over a client that answers numbers as texts, a load that was overtaken stores nothing', async (t) => {
  const { client } = await redisWithClient(t, [], { stringNumbers: true });
  const { l2, cache, told } = cacheOver(t, standIn(client));
  const [begun, held] = [deferred(), deferred()];
  const load = cache.getOrSet('k', () => {
    begun.resolve();
    return held.promise;
  });
  await begun.promise;
  // By another instance: its own would void the load before it is sent.
  await cacheOver(t, standIn(client)).cache.delete('k');
  held.resolve(1);
  assert.equal(await load, 1);
  await until(() => told.of('load:overtaken').length === 1, 'it is told');
  assert.equal(await l2.get('k'), undefined);
});
