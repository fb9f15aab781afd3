import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore, createCache } from '../../index.mjs';
import { LOGIN } from '../observability/plain.mjs';
import { until } from '../support/deferred.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const observability = { enabled: true, quiet: true, server: { port: 0 }, prometheus: { enabled: true } };

async function served(t, options = {}, given = {}) {
  const redis = await redisServer(t);
  const l2 = new RedisStore(redis.url, given);
  const cache = new LazyLayersCache({ logging: { enabled: false }, l2, ...options, observability });
  t.after(() => cache.close());
  t.after(() => l2.close());
  const ask = async (path) => {
    const answer = await fetch(`${cache.getObservabilityServer().url}/${path}`, { headers: { authorization: LOGIN } });
    const text = await answer.text();
    return { status: answer.status, text, json: path === 'metrics' ? undefined : JSON.parse(text) };
  };
  return { redis, cache, l2, ask };
}

test('the second layer is shown page by page, with values and sizes', async (t) => {
  const { cache, ask } = await served(t);
  await cache.set('a', { text: 'x'.repeat(100_000) });
  await cache.set('b', 2);
  const { json } = await ask('api/l2');
  assert.equal(json.size, 2);
  const [a, b] = json.keys.sort((one, other) => (one.key < other.key ? -1 : 1));
  assert.deepEqual([a.key, a.encoding, a.value.text.length], ['a', 'msgpack-gzip', 100_000]);
  assert.ok(a.serializedBytes < 1000 && a.deserializedBytes > 100_000 && a.compressionRatio > 0.9);
  assert.deepEqual([b.key, b.value], ['b', 2]);
  const { json: plain } = await ask('api/l2?values=false&match=b');
  assert.deepEqual(
    plain.keys.map(({ key, value }) => [key, value]),
    [['b', undefined]],
  );
});

test('a key is explained for both layers', async (t) => {
  const { cache, l2, ask } = await served(t);
  await cache.set('both', { a: 1 });
  let { json } = await ask('api/key?key=both');
  assert.deepEqual([json.layers.l1.reason, json.layers.l2.reason, json.same], ['held', 'held', true]);
  assert.deepEqual(json.layers.l2.entry.value, { a: 1 });
  await l2.set('both', { a: 2 });
  ({ json } = await ask('api/key?key=both'));
  assert.equal(json.same, false);
  await cache.delete('both');
  ({ json } = await ask('api/key?key=both'));
  assert.deepEqual([json.layers.l1.reason, json.layers.l2.reason], ['deleted', 'deleted']);
  await cache.set('user:1', 1);
  await cache.deleteByPattern('user:*');
  ({ json } = await ask('api/key?key=user:1'));
  assert.match(json.layers.l1.text, /deleted by the pattern "user:\*"/);
  ({ json } = await ask('api/key?key=never'));
  assert.deepEqual([json.layers.l1.reason, json.layers.l2.reason], ['never-stored', 'never-stored']);
});

test('a key is one read of Redis, whatever letters it has, and tells its remaining life', async (t) => {
  const { cache, ask, redis } = await served(t);
  for (let at = 0; at < 300; at += 1) await cache.set(`user:${at}`, at, { ttlMs: 60_000 });
  await cache.set('user:*', 'star', { ttlMs: 60_000 });
  const scans = async () => {
    const client = redis.client();
    const stats = await client.info('commandstats');
    client.disconnect();
    return /cmdstat_z?scan/.test(stats);
  };
  const { json } = await ask(`api/key?key=${encodeURIComponent('user:*')}`);
  const { held, entry } = json.layers.l2;
  assert.deepEqual([held, entry.key, entry.value, entry.encoding], [true, 'user:*', 'star', 'msgpack']);
  assert.ok(entry.ttlRemainingMs > 30_000 && entry.ttlRemainingMs <= 60_000);
  assert.equal((await ask('api/key?key=user:7')).json.layers.l2.entry.value, 7);
  assert.equal((await ask('api/key?key=user:none')).json.layers.l2.held, false);
  assert.equal(await scans(), false);
});

test('keys of the second layer are a tree, looked at within a budget', async (t) => {
  const { cache, ask } = await served(t);
  for (let at = 0; at < 30; at += 1) await cache.set(`user:${at}:name`, at);
  await cache.set('solo', 1);
  const { json } = await ask('api/tree?layer=l2');
  assert.deepEqual([json.keys, json.size, json.complete], [31, 31, true]);
  const nodes = json.nodes.map(({ name, keys, isKey }) => [name, keys, isKey]);
  assert.deepEqual(nodes, [
    ['user', 30, false],
    ['solo', 1, true],
  ]);
  const { json: first } = await ask('api/tree?layer=l1&prefix=user:');
  assert.deepEqual([first.keys, first.seen, first.nodes.length, first.nodes[0].isKey], [30, 31, 30, false]);
});

test('metrics know how many entries the second layer has', async (t) => {
  const { cache, ask } = await served(t);
  await cache.set('a', 1);
  await until(async () => /^lazycache_l2_entries 1$/m.test((await ask('metrics')).text));
});

test('while Redis is away the dashboard says so and answers', async (t) => {
  const resilience = { l2CircuitBreaker: { failureThreshold: 1 } };
  const { redis, cache, ask } = await served(t, { resilience }, { commandTimeoutMs: 200 });
  await cache.set('a', 1);
  await redis.stop();
  await cache.get('other');
  const { json: caches } = await ask('api/caches');
  const mine = caches.caches.find(({ id }) => id === caches.self);
  assert.notEqual(mine.breakers.l2, 'closed');
  const { json: key } = await ask('api/key?key=a');
  assert.equal(key.layers.l1.held, true);
  assert.equal(key.layers.l2.held, false);
  assert.equal((await ask('api/overview')).status, 200);
  const { status, json } = await ask('api/l2');
  assert.equal(status, 500);
  assert.match(json.error, /Error/);
});

test('caches of the process are selected by their id, those without a dashboard as far as they are counted', async (t) => {
  const { cache, ask } = await served(t, { name: 'first' });
  const second = createCache({ name: 'second', observability: { ...observability, server: false } });
  const plain = createCache({ name: 'plain' });
  t.after(() => Promise.all([second.close(), plain.close()]));
  await cache.set('of-first', 1);
  await second.set('of-second', 1);
  await plain.set('of-plain', 1);
  const { caches } = (await ask('api/caches')).json;
  const idOf = (name) => caches.find((one) => one.name === name).id;
  assert.deepEqual(caches.map(({ name, observed }) => [name, observed]).sort(), [
    ['first', true],
    ['plain', false],
    ['second', true],
  ]);
  const { json } = await ask(`api/l1?cache=${idOf('second')}`);
  assert.deepEqual(
    json.keys.map(({ key }) => key),
    ['of-second'],
  );
  assert.equal((await ask(`api/overview?cache=${idOf('second')}`)).json.counters.sets, 1);
  assert.equal((await ask(`api/l1?cache=${idOf('plain')}`)).status, 404);
  assert.equal((await ask('api/l1?cache=9-9')).status, 404);
});
