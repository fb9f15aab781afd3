// Stores of one client, or of one address, share a connection.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisEventBus, RedisStore, processStats } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';

const connections = async (client) => (await client.client('LIST')).trim().split('\n').length - 1;

test('thirty stores on one client make one connection and no warning', async (t) => {
  const { client } = await redisWithClient(t);
  const warnings = [];
  const onWarning = (warning) => warnings.push(warning.message);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const stores = Array.from({ length: 30 }, (_, at) => new RedisStore(client, { prefix: `s${at}:` }));
  await Promise.all(stores.map((store, at) => store.set('k', at)));
  assert.deepEqual(
    await Promise.all(stores.map((store) => store.get('k'))),
    stores.map((_, at) => at),
  );
  assert.equal(await connections(client), 1);
  assert.deepEqual(warnings, []);
  assert.ok(client.listenerCount('ready') < 3);
});

test('stores on one client with time limits of their own have one listener an event', async (t) => {
  const { client } = await redisWithClient(t);
  const warnings = [];
  const onWarning = (warning) => warnings.push(warning.message);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  // A client that connects listens to itself.
  await until(() => client.status === 'ready', 'it is connected');
  const before = client.listenerCount('ready');
  const stores = Array.from({ length: 30 }, (_, at) => new RedisStore(client, { commandTimeoutMs: 1000 + at }));
  await Promise.all(stores.slice(0, 3).map((store, at) => store.set(`k${at}`, at)));
  assert.equal(client.listenerCount('ready') - before, 1);
  client.disconnect();
  await until(() => client.status === 'end', 'the client ends');
  for (const store of stores) await assert.rejects(store.get('k'), /was closed/);
  await client.connect();
  await until(() => stores[2].get('k2').catch(() => undefined), 'they are back');
  assert.deepEqual(warnings, []);
});

test('stores of one URL share a connection, those of another database do not', async (t) => {
  const { server, client } = await redisWithClient(t);
  const stores = [`${server.url}/0`, `${server.url}/0`, `${server.url}/1`].map((url) => new RedisStore(url));
  await Promise.all(stores.map((store, at) => store.set(`k${at}`, at)));
  assert.equal(await connections(client), 2);
  assert.equal(await stores[0].get('k1'), 1);
  assert.equal(await stores[0].get('k2'), undefined);
});

test('a closed store fails while others go on, and the last one ends the connection', async (t) => {
  const { server, client } = await redisWithClient(t);
  const [one, other] = [new RedisStore(server.url), new RedisStore(server.url)];
  await one.set('k', 1);
  await one.close();
  await assert.rejects(one.get('k'), /was closed/);
  assert.equal(await other.get('k'), 1);
  await other.close();
  await until(async () => (await connections(client)) === 0, 'the connection ends');
  const third = new RedisStore(server.url);
  assert.equal(await third.get('k'), 1);
  await assert.rejects(one.get('k'), /was closed/);
});

test('all stores of a client end with it and come back with it', async (t) => {
  const { client } = await redisWithClient(t);
  const stores = [0, 1, 2].map((at) => new RedisStore(client, { prefix: `s${at}:` }));
  await Promise.all(stores.map((store) => store.set('k', 1)));
  client.disconnect();
  await until(() => client.status === 'end', 'the client ends');
  for (const store of [...stores, new RedisStore(client, { prefix: 's3:' })]) {
    await assert.rejects(store.get('k'), /was closed/);
  }
  await client.connect();
  await until(() => stores[2].get('k').catch(() => undefined), 'they are back');
  assert.deepEqual(await Promise.all(stores.map((store) => store.get('k'))), [1, 1, 1]);
});

test('with a function as password: changed options lead the next store to another database', async (t) => {
  const { server, client } = await redisWithClient(t);
  const options = { host: '127.0.0.1', port: server.port, password: () => 'any', db: 1 };
  const first = new RedisStore(options);
  await first.set('k', 'first');
  options.db = 2;
  const second = new RedisStore(options);
  assert.equal(await second.get('k'), undefined);
  await second.set('k', 'second');
  await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  assert.deepEqual([await first.get('k'), await second.get('k')], ['first', 'second']);
});

test('with a function as password: changed options lead the next store to another server', async (t) => {
  const [here, there] = [await redisServer(t), await redisServer(t)];
  const options = { host: '127.0.0.1', port: here.port, password: () => 'any' };
  const first = new RedisStore(options);
  await first.set('k', 'first');
  options.port = there.port;
  assert.equal(await new RedisStore(options).get('k'), undefined);
});

test('a bus logs in as its options said when it was made', async (t) => {
  const { server, client } = await redisWithClient(t);
  await client.call('ACL', 'SETUSER', 'cache', 'on', '>token', '~*', '&*', '+@all');
  const options = { host: '127.0.0.1', port: server.port, username: 'cache', password: () => 'token' };
  const bus = new RedisEventBus(options, 'kept');
  t.after(() => bus.disconnect());
  options.username = 'nobody';
  options.password = () => 'changed';
  assert.equal((await bus.healthCheck()).ok, true);
});

test('options of one place with one function as password share a connection', async (t) => {
  const { server, client } = await redisWithClient(t);
  const password = () => 'any';
  const stores = [0, 1].map(() => new RedisStore({ host: '127.0.0.1', port: server.port, password }));
  await Promise.all(stores.map((store) => store.set('k', 1)));
  assert.equal(await connections(client), 1);
});

test('a cache takes the prefix and the lifetime of its store as they were when the store was made', async (t) => {
  const { server, client } = await redisWithClient(t);
  const options = { prefix: 'a:', levels: { L2: { ttlMs: 60_000 } } };
  const l2 = new RedisStore(server.url, options);
  options.prefix = 'b:';
  options.levels.L2.ttlMs = 5;
  const cache = new LazyLayersCache({ l2 });
  t.after(() => cache.close());
  await cache.set('k', 1);
  assert.ok((await client.pttl('a:k')) > 5000);
  assert.ok(processStats().some(({ cache: name }) => name === 'a:'));
});
