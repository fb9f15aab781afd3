// Clients of node-redis, in both lines, and options in its words.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { runFixture } from '../support/run-node.mjs';
import { redisSentinels } from '../support/servers/redis-groups.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';
import { LINES, opened, ownLogin } from './kinds.mjs';

const { readAddress } = createRequire(import.meta.url)('../../lib/redis/address.js');

const login = { username: 'u', password: 'p' };
const single = (more) => ({ single: { host: 'h', port: 7000, ...more } });

/** Options by a description, and their address. */
const servers = {
  'a socket': [{ socket: { host: 'h', port: 7000, keepAlive: true, reconnectStrategy: false } }, single()],
  'a login and a database': [
    { socket: { host: 'h', port: 7000 }, ...login, database: 3, RESP: 3, name: 'app' },
    single({ db: 3, ...login }),
  ],
  encryption: [
    { socket: { host: 'h', port: 7000, tls: true, ca: 'CA', rejectUnauthorized: false } },
    single({ tls: { ca: 'CA', insecure: true } }),
  ],
  'the path of a socket': [{ socket: { path: '/run/redis.sock' } }, { single: { path: '/run/redis.sock' } }],
  'a URL': [{ url: 'redis://u:p%40@h:7000/2' }, single({ db: 2, username: 'u', password: 'p@' })],
  'an encrypted URL with a certificate': [
    { url: 'rediss://h:7000', socket: { tls: true, cert: 'C', key: 'K' }, password: 'p' },
    single({ password: 'p', tls: { cert: 'C', key: 'K' } }),
  ],
};

for (const [what, [options, address]] of Object.entries(servers)) {
  test(`options of node-redis with ${what} are understood`, () => {
    assert.deepEqual(readAddress(options).address, address);
  });

  for (const [line, { createClient }] of Object.entries(LINES)) {
    test(`${line}: ${what} is read of a client`, () => {
      const given = { ...options, socket: { ...options.socket } };
      assert.deepEqual(readAddress(createClient(options.socket ? given : { url: options.url })).address, address);
    });
  }
}

const cluster = {
  rootNodes: [{ url: 'redis://u:p@a:1' }, { socket: { host: 'b', port: 2 } }],
  defaults: { password: 'common', socket: { tls: true } },
};
const clusterAddress = {
  cluster: {
    nodes: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
    password: 'common',
    tls: {},
  },
};

test('options of a cluster of node-redis are understood', () => {
  assert.deepEqual(readAddress(cluster).address, clusterAddress);
});

test('options of sentinels of node-redis are understood', () => {
  const given = {
    name: 'main',
    sentinelRootNodes: [{ host: 'a', port: 1 }],
    nodeClientOptions: { password: 'p', database: 1 },
    sentinelClientOptions: { password: 's', socket: { tls: true } },
  };
  const sentinels = { sentinels: [{ host: 'a', port: 1 }], name: 'main', db: 1, password: 'p' };
  const address = { sentinel: { ...sentinels, sentinelLogin: { password: 's' }, sentinelTls: {} } };
  assert.deepEqual(readAddress(given).address, address);
});

const password = () => 'token';

const common = {
  'of the root nodes, else in common words': [
    { rootNodes: [{ url: 'redis://a:1' }], username: 'u', password: 'x', tls: true },
    { address: { cluster: { nodes: [{ host: 'a', port: 1 }], username: 'u', password: 'x', tls: {} } } },
  ],
  'of the root nodes, in their URLs': [
    { rootNodes: [{ url: 'rediss://u:p@a:1' }] },
    { address: { cluster: { nodes: [{ host: 'a', port: 1 }], username: 'u', password: 'p', tls: {} } } },
  ],
  'of the root nodes, by a function': [
    { rootNodes: [{ url: 'redis://u@a:1' }], defaults: { password } },
    { password, address: { cluster: { nodes: [{ host: 'a', port: 1 }], username: 'u' } } },
  ],
  'of a master, by a function': [
    { name: 'm', sentinelRootNodes: [{ host: 'a', port: 1 }], nodeClientOptions: { password } },
    { password, address: { sentinel: { sentinels: [{ host: 'a', port: 1 }], name: 'm', sentinelLogin: {} } } },
  ],
  'of a master, in a URL': [
    { name: 'm', sentinelRootNodes: [{ host: 'a', port: 1 }], nodeClientOptions: { url: 'rediss://u:p@h/3' } },
    {
      address: {
        sentinel: {
          sentinels: [{ host: 'a', port: 1 }],
          ...{ name: 'm', db: 3, username: 'u', password: 'p', tls: {}, sentinelLogin: {} },
        },
      },
    },
  ],
};

for (const [what, [given, target]] of Object.entries(common)) {
  test(`the login and the encryption ${what}`, () => {
    assert.deepEqual(readAddress(given), { keyPrefix: '', ...target });
  });
}

for (const [given, message] of [
  [{ rootNodes: [{ password }] }, /"rootNodes\[0\]\.password" must be a string, got function password/],
  [{ rootNodes: [{ socket: { path: '/s' } }] }, /"rootNodes\[0\]" must be a server with a host, got "\/s"/],
  [{ rootNodes: [{ url: 'redis://a/3' }] }, /"rootNodes\[0\]\.database" must be left out/],
  [{ rootNodes: [{ password: 'a' }, { password: 'b' }] }, /"rootNodes\[1\]" must be a server with the login of/],
  [
    { name: 'm', sentinelRootNodes: [{ host: 'a' }], sentinelClientOptions: { password } },
    /"sentinelClientOptions\.password" must be a string/,
  ],
]) {
  test(`what cannot be honoured is refused: ${message.source}`, () => {
    assert.throws(() => readAddress(given), { code: 'INVALID_OPTION', message });
  });
}

test('options in both words are merged', () => {
  assert.deepEqual(readAddress({ host: 'h', port: 7000, database: 2 }).address, single({ db: 2 }));
});

class Foreign {
  #secret = 1;
  get() {
    return this.#secret;
  }
}

const refused = [
  [{ uri: 'redis://cache.example' }, /got the option uri/],
  [{ hostname: 'cache.example', port: 6379 }, /got the option hostname/],
  [{ host: 'h', prefix: 'p:' }, /got the option prefix, one of the second argument of RedisStore/],
  [{ socket: { host: 'h', lookup() {} } }, /got the option socket\.lookup/],
  [{ socket: { host: 'h', tls: true, servername: 'x' } }, /got the option socket\.servername/],
  [{ rootNodes: [{ url: 'redis://h' }], nodeAddressMap: {} }, /got the option nodeAddressMap/],
  [{ socket: { host: 'h' }, credentialsProvider: {} }, /got the option credentialsProvider/],
  [new Foreign(), /got an object \(Foreign\)/],
  [new Map(), /got an object \(Map\)/],
  [() => {}, /got function/],
];

for (const [given, message] of refused) {
  test(`an unknown option is refused: ${message.source}`, () => {
    const error = { code: 'INVALID_ARGUMENT', message };
    assert.throws(() => new RedisStore(given), error);
    assert.throws(() => new RedisEventBus(given, 'events'), error);
    assert.throws(() => new RedisStore(given), /redis must be a client of ioredis or of redis \(node-redis\), a URL/);
  });
}

test('options that need others of node-redis are refused by name', () => {
  assert.throws(() => new RedisStore({ defaults: login }), { code: 'INVALID_OPTION', message: /"rootNodes"/ });
  assert.throws(() => new RedisStore({ nodeClientOptions: login }), { message: /"sentinelRootNodes"/ });
});

for (const [line, { createClient, createClientPool, createCluster, createSentinel }] of Object.entries(LINES)) {
  test(`${line}: the nodes of a cluster are read`, () => {
    assert.deepEqual(readAddress(createCluster(structuredClone(cluster))).address, clusterAddress);
  });

  const driven = {
    'logs in by a provider of its own': () => createClient(ownLogin()),
    'is read-only': () => createClient({ readonly: true }),
    'names the server that its certificate is of': () => createClient({ socket: { tls: true, servername: 'x' } }),
    'reads from replicas': () => createCluster({ rootNodes: [{}], useReplicas: true }),
    'maps addresses': () => createCluster({ rootNodes: [{}], nodeAddressMap: {} }),
  };
  for (const [what, make] of Object.entries(driven)) {
    test(`${line}: a client that ${what} is driven itself`, () => {
      assert.equal(readAddress(make()).address, undefined);
    });
  }

  test(`${line}: the store's connection ends with the client's, and comes back with it`, async (t) => {
    const server = await redisServer(t);
    const client = createClient({ url: server.url });
    await client.connect();
    const store = new RedisStore(client);
    await store.set('k', 1);
    client.destroy();
    await assert.rejects(store.get('k'), { message: /the connection to Redis was closed/ });
    await client.connect();
    await until(() => store.get('k').catch(() => undefined), 'the store is back');
    client.destroy();
  });

  test(`${line}: a store of a client that was destroyed before is closed, until that connects again`, async (t) => {
    const server = await redisServer(t);
    const client = opened(t, createClient({ url: server.url }));
    await until(() => client.isReady, 'it is connected');
    client.destroy();
    const store = new RedisStore(client);
    await assert.rejects(store.get('k'), { message: /was closed/ });
    await client.connect();
    await until(
      () =>
        store.set('k', 1).then(
          () => true,
          () => false,
        ),
      'the store is back',
    );
  });

  test(`${line}: a client that is not connected yet does for a store`, async (t) => {
    const server = await redisServer(t);
    const store = new RedisStore(createClient({ url: server.url }));
    await store.set('k', 1);
    assert.equal(await store.get('k'), 1);
    await store.close();
  });

  test(`${line}: names have the prefix of a client that is driven, in scans too`, async (t) => {
    const { server, client: redis } = await redisWithClient(t);
    const client = opened(t, createClient({ ...ownLogin(), keyPrefix: 'a*:', url: server.url }));
    const store = new RedisStore(client, { prefix: 's:', useIndex: false });
    await store.set('k', 1);
    assert.ok((await redis.keys('*')).includes('a*:s:k'));
    assert.deepEqual([await store.get('k'), await store.size()], [1, 1]);
    await store.clear();
    assert.equal(await store.size(), 0);
  });

  test(`${line}: a pool is driven`, async (t) => {
    const server = await redisServer(t);
    const pool = createClientPool({ url: server.url }, { minimum: 2, maximum: 4 });
    pool.on('error', () => {});
    await pool.connect();
    const cache = new LazyLayersCache({ l2: new RedisStore(pool), l1: false, distributedLock: { enabled: true } });
    t.after(() => cache.close());
    const told = record(cache);
    const keys = Array.from({ length: 50 }, (_, id) => `k${id}`);
    await Promise.all(keys.map((key) => cache.getOrSet(key, () => ({ key }))));
    assert.deepEqual(
      await Promise.all(keys.map((key) => cache.get(key))),
      keys.map((key) => ({ key })),
    );
    await cache.clear();
    assert.equal(await cache.get('k1'), undefined);
    assert.deepEqual(told.of('l2:error'), []);
    await cache.close();
    // Before its server: one of node-redis 5 that loses that as it makes a client tries to connect for ever.
    await pool.close();
  });

  test(`${line}: a command that the server refuses is no failure of a client that is driven`, async (t) => {
    const { server, client: redis } = await redisWithClient(t);
    await redis.hset('cache:k', 'field', 1);
    const client = opened(t, createClient({ ...ownLogin(), url: server.url }));
    const l2 = new RedisStore(client);
    const cache = new LazyLayersCache({ l2, l1: false, resilience: { l2CircuitBreaker: { failureThreshold: 1 } } });
    t.after(() => cache.close());
    const told = record(cache);
    assert.equal(await cache.get('k'), undefined);
    await cache.set('other', 1);
    assert.equal(await cache.get('other'), 1);
    assert.match(told.of('l2:error')[0].error.message, /WRONGTYPE/);
  });

  test(`${line}: a bus over a pool or sentinels, whose options are hidden, asks for the options`, () => {
    const sentinels = createSentinel({ name: 'm', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] });
    for (const given of [createClientPool(), sentinels]) {
      const error = { code: 'INVALID_ARGUMENT', message: /for a bus the options with which a pool or sentinels/ };
      assert.throws(() => new RedisEventBus(given, 'events'), error);
    }
  });
}

test('sentinels of node-redis, as options and driven', async (t) => {
  const { addresses } = await redisSentinels(t);
  // In a process that is ended: node-redis may try to connect for ever, once the servers of destroyed sentinels end.
  const fixture = fileURLToPath(new URL('node-redis-sentinels.mjs', import.meta.url));
  const { code, stderr } = await runFixture(fixture, [JSON.stringify(addresses)]);
  assert.equal(code, 0, stderr);
});
