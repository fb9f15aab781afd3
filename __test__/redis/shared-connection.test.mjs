// Stores of one client, or of one address, share a connection.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';

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
