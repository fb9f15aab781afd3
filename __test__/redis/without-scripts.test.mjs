// Where a server or a proxy before it lets nobody run scripts, the index is kept all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { heldLoader, pass, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freePort } from '../support/servers/process.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';

const PREFIX = 'w:';

const isEntry = (name) => !name.startsWith(`${PREFIX}__`);
const entries = async (redis) => (await redis.keys(`${PREFIX}*`)).filter(isEntry).sort();

const withoutScripting = (client, prefix = PREFIX) =>
  client.call('ACL', 'SETUSER', 'cache', 'on', '>secret', `~${prefix}*`, '+@all', '-@scripting');

/** A server on which scripts are denied, and a URL with the user whom they are denied. */
async function withoutScripts(t) {
  const { server, client } = await redisWithClient(t);
  await withoutScripting(client);
  return { client, url: `redis://cache:secret@127.0.0.1:${server.port}` };
}

test('a user who may run no scripts: entries are written and removed together with the index', async (t) => {
  const { client, url } = await withoutScripts(t);
  const store = new RedisStore(url, { prefix: PREFIX });
  await Promise.all(['a', 'b', 'c'].map((key) => store.set(key, key)));
  assert.deepEqual(await client.zrange(`${PREFIX}__index`, 0, -1), ['w:a', 'w:b', 'w:c']);
  assert.deepEqual([await store.get('a'), await store.size()], ['a', 3]);
  await store.delete('a');
  await store.get('a');
  assert.equal(await store.size(), 2);
  await store.clear();
  assert.deepEqual([await entries(client), await client.zcard(`${PREFIX}__index`)], [[], 0]);
});

test('a user who may run no scripts: expired names leave the index, and the bound counts live entries', async (t) => {
  const { client, url } = await withoutScripts(t);
  const store = new RedisStore(url, { prefix: PREFIX, levels: { L2: { maxEntries: 20 } } });
  await store.set('oldest', 1);
  await Promise.all(Array.from({ length: 15 }, (_, at) => store.set(`short${at}`, at, { ttlMs: 50 })));
  await pass(50);
  for (let at = 0; at < 19; at += 1) await store.set(`long${at}`, at);
  assert.equal(await store.has('oldest'), true);
  await until(async () => (await client.zcard(`${PREFIX}__index`)) === 20, 'what is over has left');
  await store.set('newest', 1);
  assert.deepEqual([await store.has('oldest'), await store.size()], [false, 20]);
  assert.equal((await entries(client)).length, 20);
});

test('a user who may run no scripts: that the right is missing is told once', async (t) => {
  const { url } = await withoutScripts(t);
  const cache = new LazyLayersCache({ l2: new RedisStore(url, { prefix: PREFIX }) });
  t.after(() => cache.close());
  const { of } = record(cache);
  // The first write and the first miss find it out.
  for (let at = 0; at < 20; at += 1) {
    await cache.get(`none${at}`);
    await cache.set('k', at);
  }
  const told = of('l2:error').map(({ error }) => error.message);
  assert.equal(told.length, 1);
  assert.match(told[0], /SCRIPT LOAD, EVALSHA and EVAL/);
  assert.equal(of('l2:error')[0].state, 'closed');
});

for (const useIndex of [true, false]) {
  const kind = useIndex ? 'with an index' : 'without an index';

  test(`a user who may run no scripts: a load under a lock is stored for the others, ${kind}`, async (t) => {
    const { client, url } = await withoutScripts(t);
    const cacheOf = () => {
      const l2 = new RedisStore(url, { prefix: PREFIX, useIndex });
      const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true, waitTimeoutMs: 20_000 } });
      t.after(() => cache.close({ timeoutMs: 0 }));
      return cache;
    };
    const [one, other] = [cacheOf(), cacheOf()];
    const load = heldLoader();
    const first = one.getOrSet('k', load);
    await until(() => load.calls === 1, 'the first loads');
    const second = other.getOrSet('k', () => 'loaded twice');
    load.resolve('loaded');
    assert.deepEqual(await Promise.all([first, second]), ['loaded', 'loaded']);
    assert.equal(await client.exists(`${PREFIX}__lock:k`), 0, 'the lock was given back');
    assert.equal(await one.getOrSet('next', () => 1), 1);
  });

  test(`a user who may run no scripts: a holder whose lock is another's leaves nothing, ${kind}`, async (t) => {
    const { client, url } = await withoutScripts(t);
    const l2 = new RedisStore(url, { prefix: PREFIX, useIndex });
    const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true } });
    t.after(() => cache.close());
    await l2.set('warm', 1);
    const load = heldLoader();
    const loaded = cache.getOrSet('k', load);
    await until(() => load.calls === 1, 'it loads');
    await client.set(`${PREFIX}__lock:k`, 'another');
    load.resolve('old');
    assert.equal(await loaded, 'old');
    await until(async () => (await client.exists(`${PREFIX}k`)) === 0, 'nothing is left');
    assert.equal(await client.get(`${PREFIX}__lock:k`), 'another');
    assert.equal(await l2.has('k'), false);
  });
}

test('a right that is given later is used with the next connection', async (t) => {
  const { client, url } = await withoutScripts(t);
  const store = new RedisStore(url, { prefix: PREFIX });
  await store.set('a', 1);
  await client.call('ACL', 'SETUSER', 'cache', '+@scripting');
  await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until(
    () =>
      store.set('a', 2).then(
        () => true,
        () => false,
      ),
    'it is connected again',
  );
  await client.config('RESETSTAT');
  await store.get('none');
  await store.set('a', 3);
  assert.match(await client.info('commandstats'), /cmdstat_eval/);
});

/** A cluster of one node, which names the port of a proxy as its own if there is one. */
async function oneNode(t, proxy) {
  const [port, busPort] = [await freePort(), await freePort()];
  const announced = proxy === undefined ? [] : ['--cluster-announce-port', String(proxy.port)];
  const bus = ['--cluster-port', String(busPort), '--cluster-require-full-coverage', 'no'];
  const server = await redisServer(t, ['--cluster-enabled', 'yes', ...bus, ...announced], port);
  const client = server.client();
  t.after(() => client.disconnect());
  await client.cluster('ADDSLOTSRANGE', 0, 16_383);
  await until(async () => /cluster_state:ok/.test(await client.cluster('INFO')), 'the cluster is whole', 20_000);
  return { port, client };
}

test('keys that are spread behind one address: an entry is listed before it is written', async (t) => {
  // A cluster that is taken for a single server refuses scripts and transactions on several slots.
  const { port, client } = await oneNode(t);
  const store = new RedisStore({ host: '127.0.0.1', port }, { prefix: PREFIX });
  await Promise.all(['a', 'b', 'c'].map((key) => store.set(key, key)));
  assert.deepEqual([await store.get('a'), await store.size()], ['a', 3]);
  await store.delete('a');
  assert.equal(await store.size(), 2);
  await store.clear();
  assert.deepEqual(await entries(client), []);
});

test('a cluster without scripts: expired names leave the index, unless they are listed again meanwhile', async (t) => {
  const proxy = await proxyTo(t, 0);
  const { port, client } = await oneNode(t, proxy);
  proxy.target = port;
  const prefix = '{w}:';
  await withoutScripting(client, prefix);
  const [index, expiry] = [`${prefix}__index`, `${prefix}__index:expiry`];
  const list = async (key, time, end) => {
    await client.zadd(index, time, prefix + key);
    await client.zadd(expiry, end, prefix + key);
  };
  for (const key of ['over', 'again']) await list(key, 1, 1);
  const later = Date.now();
  let looks = 0;
  // Between the look at an entry and the end of its member.
  proxy.onRequest = async (chunk) => {
    // Not the text of a script.
    if (!String(chunk).includes('\r\nZREM\r\n') || looks++ > 0) return;
    await list('again', later, '+inf');
    await client.set(`${prefix}again`, 'HC1J1');
  };
  const login = { username: 'cache', password: 'secret' };
  const store = new RedisStore({ nodes: [{ host: '127.0.0.1', port: proxy.port }], ...login }, { prefix });
  await until(async () => {
    await store.set('other', 1);
    return looks > 0 && (await client.zscore(index, `${prefix}over`)) === null;
  }, 'what is over leaves the index');
  await until(async () => (await client.zrange(index, 0, -1)).includes(`${prefix}again`), 'the other is listed again');
  const times = await Promise.all([index, expiry].map((set) => client.zscore(set, `${prefix}again`)));
  assert.deepEqual(times, [String(later), 'inf']);
  await store.clear();
  assert.equal(await client.exists(`${prefix}again`, `${prefix}other`), 0);
});

test('a load that was overtaken while it ran is not even read by others, without scripts', async (t) => {
  const { client, url } = await withoutScripts(t);
  const [loads, deletes, reads] = [0, 1, 2].map(() => {
    const cache = new LazyLayersCache({ l2: new RedisStore(url, { prefix: PREFIX }), ttlMs: 60_000 });
    t.after(() => cache.close());
    return cache;
  });
  // Each connection learns first that scripts are denied.
  await Promise.all([loads, deletes, reads].map((cache, at) => cache.getOrSet(`first${at}`, () => at)));
  await deletes.delete('none');
  const rounds = Number(process.env.ORDER_ROUNDS ?? 40);
  for (let round = 0; round < rounds; round++) {
    const key = `k${round}`;
    const load = heldLoader();
    const loading = loads.getOrSet(key, load);
    await load.called;
    await deletes.delete(key);
    const state = { isOver: false };
    const reading = (async () => {
      while (!state.isOver) assert.equal(await reads.get(key), undefined);
    })();
    load.resolve('old');
    assert.equal(await loading, 'old');
    state.isOver = true;
    await reading;
    assert.equal(loads.peek(key), undefined);
    assert.equal(await client.exists(`${PREFIX}${key}`), 0);
  }
});
