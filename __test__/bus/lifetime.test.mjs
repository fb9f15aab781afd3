import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeInvalidationEvent, LazyLayersCache, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { collect, survivors } from '../support/garbage.mjs';
import { runFixture } from '../support/run-node.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';

const QUIET = { logging: { enabled: false } };

test('workers that are terminated while they use a bus leave the process whole', async (t) => {
  const server = await redisServer(t);
  const result = await runFixture('workers-bus.mjs', [server.url]);
  assert.equal(result.signal, null, result.stderr);
  assert.equal(result.stdout, 'done\n', result.stderr);
});

/** How many clients are subscribed to a channel. */
async function subscribers(client, channel) {
  const [, count] = await client.pubsub('NUMSUB', channel);
  return count;
}

test('buses and caches that nobody holds any more end their connections', async (t) => {
  const { server, client } = await redisWithClient(t);
  await (async () => {
    const held = [];
    for (let at = 0; at < 5; at += 1) {
      const eventBus = new RedisEventBus(server.url, 'gone', QUIET);
      const cache = new LazyLayersCache({ eventBus, ...QUIET });
      held.push(cache);
      await eventBus.connect();
      await cache.delete('k');
    }
    await until(async () => (await subscribers(client, 'gone')) === held.length, 'all are subscribed');
  })();
  await until(
    async () => {
      collect();
      return (await subscribers(client, 'gone')) === 0;
    },
    'all are gone',
    10_000,
  );
});

test("a cache with a layer of the user's that is dropped while events wait for it holds nobody up", async (t) => {
  const server = await redisServer(t);
  const result = await runFixture('dropped-with-events.mjs', [server.url], { flags: ['--expose-gc'] });
  assert.deepEqual([result.signal, result.code, result.stdout], [null, 0, 'gone\n'], result.stderr);
});

test('a handler that is given in the turn of the cache hears that its bus was connected, however soon that was', async (t) => {
  const server = await redisServer(t);
  const eventBus = new RedisEventBus(server.url, 'soon', QUIET);
  const cache = new LazyLayersCache({ eventBus, ...QUIET });
  t.after(() => eventBus.disconnect());
  // This thread stands still for longer than it takes to connect.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  const told = [];
  cache.on((event) => told.push(event));
  await until(() => told.length > 0, 'it is told');
  assert.deepEqual([told[0].type, told[0].status], ['bus:status', 'connected']);
});

test('a bus with a handler lives on by itself, until it is disconnected', async (t) => {
  const { server, client } = await redisWithClient(t);
  const heard = [];
  const held = new WeakRef(
    await (async () => {
      const bus = new RedisEventBus(server.url, 'kept', QUIET);
      await bus.subscribe((event) => void heard.push(event.id));
      return bus;
    })(),
  );
  for (let times = 0; times < 5; times += 1) {
    collect();
    await new Promise(setImmediate);
  }
  assert.equal(await subscribers(client, 'kept'), 1);
  const other = new RedisEventBus(server.url, 'kept', QUIET);
  t.after(() => other.disconnect());
  await other.publish({ id: 'x', type: 'del', source: 'a', ts: 1, keys: ['k'] });
  await until(() => heard.length === 1, 'it hears');
  await held.deref()?.disconnect();
});

test("a closed cache hears nothing more; the bus stays its owner's", async (t) => {
  const { server, client } = await redisWithClient(t);
  const eventBus = new RedisEventBus(server.url, 'closed', QUIET);
  t.after(() => eventBus.disconnect());
  const [one, two] = ['a', 'b'].map((source) => new LazyLayersCache({ eventBus, source, ...QUIET }));
  await eventBus.connect();
  await until(async () => (await subscribers(client, 'closed')) === 1, 'subscribed once for both');
  const types = [];
  one.on(({ type }) => types.push(type));
  const heard = [];
  two.on(({ type }) => heard.push(type));
  await one.close();
  await eventBus.publish({ id: 'x', type: 'del', source: 'c', ts: 1, keys: ['k'] });
  await until(() => heard.includes('invalidation:received'), 'the other hears');
  assert.deepEqual(types, []);
  assert.equal((await eventBus.healthCheck()).ok, true);
});

test('several caches of one process on one bus hear each other', async (t) => {
  const { server } = await redisWithClient(t);
  const eventBus = new RedisEventBus(server.url, 'shared', QUIET);
  t.after(() => eventBus.disconnect());
  const [one, two] = ['a', 'b'].map((source) => new LazyLayersCache({ eventBus, source, ...QUIET }));
  await eventBus.connect();
  await until(async () => (await eventBus.healthCheck()).subscribed, 'subscribed');
  await one.getOrSet('k', async () => 'v');
  await until(async () => (await two.get('k')) === 'v', 'the value arrives');
  await two.delete('k');
  await until(async () => !(await one.has('k')), 'the delete arrives');
});

test('values that another instance has deleted are let go of by the next call that is not a hit', async (t) => {
  const { server, client } = await redisWithClient(t);
  const eventBus = new RedisEventBus(server.url, 'idle', QUIET);
  t.after(() => eventBus.disconnect());
  const cache = new LazyLayersCache({ eventBus, ...QUIET });
  await eventBus.connect();
  await until(async () => (await eventBus.healthCheck()).subscribed, 'subscribed');
  const keys = Array.from({ length: 100 }, (_, key) => `k${key}`);
  const held = keys.map((key) => {
    const value = { key };
    cache.set(key, value);
    return new WeakRef(value);
  });
  const [symbol] = Object.getOwnPropertySymbols(cache);
  const { words } = cache[symbol].table;
  const event = { id: '1', type: 'del', source: 'peer', ts: Date.now(), keys };
  await client.publish('idle', encodeInvalidationEvent(event));
  await until(() => !words.some((word) => word > 0), 'none is answered any more');
  assert.equal(await cache.get('k0'), undefined);
  assert.equal(await survivors(held), 0);
});
