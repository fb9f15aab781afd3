import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import Redis, { Cluster } from 'ioredis';
import Redis5, { Cluster as Cluster5 } from 'ioredis-5';
import { RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';

const require = createRequire(import.meta.url);
const { readAddress } = require('../../lib/redis/address.js');

const urls = {
  'redis://cache.example': { single: { host: 'cache.example', port: 6379 } },
  'redis://cache.example:7000/3': { single: { host: 'cache.example', port: 7000, db: 3 } },
  'redis://user:p%40ss@cache.example': {
    single: { host: 'cache.example', port: 6379, username: 'user', password: 'p@ss' },
  },
  'redis://:secret@cache.example': { single: { host: 'cache.example', port: 6379, password: 'secret' } },
  'rediss://cache.example:6380': { single: { host: 'cache.example', port: 6380, tls: {} } },
  'redis://[::1]:6380': { single: { host: '::1', port: 6380 } },
  'redis://cache.example?db=4': { single: { host: 'cache.example', port: 6379, db: 4 } },
  'unix:///run/redis.sock': { single: { path: '/run/redis.sock' } },
  '/run/redis.sock': { single: { path: '/run/redis.sock' } },
};

for (const [url, address] of Object.entries(urls)) {
  test(`${url} is understood`, () => {
    assert.deepEqual(readAddress(url), { address });
  });
}

test('a URL object is understood', () => {
  assert.deepEqual(
    readAddress(new URL('redis://cache.example:7000')).address,
    urls['redis://cache.example'] && { single: { host: 'cache.example', port: 7000 } },
  );
});

const options = [
  [{}, { single: { host: 'localhost', port: 6379 } }],
  [
    { host: 'h', port: '7000', db: 2, username: 'u', password: 'p' },
    { single: { host: 'h', port: 7000, db: 2, username: 'u', password: 'p' } },
  ],
  [{ path: '/s' }, { single: { path: '/s' } }],
  [{ url: 'redis://h:1/2' }, { single: { host: 'h', port: 1, db: 2 } }],
  [{ url: 'redis://h:1', password: 'p', db: 3 }, { single: { host: 'h', port: 1, db: 3, password: 'p' } }],
  [{ tls: true }, { single: { host: 'localhost', port: 6379, tls: {} } }],
  [
    { tls: { ca: [Buffer.from('A'), 'B'], cert: 'C', key: 'K', rejectUnauthorized: false } },
    { single: { host: 'localhost', port: 6379, tls: { ca: 'A\nB', cert: 'C', key: 'K', insecure: true } } },
  ],
  [
    { nodes: [{ host: 'a', port: 1 }, 'b:2', 'redis://c:3'], password: 'p' },
    {
      cluster: {
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 3 },
        ],
        password: 'p',
      },
    },
  ],
  [
    { nodes: ['redis://a', 'rediss://u:p@b:2'] },
    {
      cluster: {
        nodes: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 2 },
        ],
        username: 'u',
        password: 'p',
        tls: {},
      },
    },
  ],
  [{ nodes: [{ host: 'a', port: '1\n', db: 0, name: 'one' }] }, { cluster: { nodes: [{ host: 'a', port: 1 }] } }],
  [{ port: ' 7000\n', db: '1\n' }, { single: { host: 'localhost', port: 7000, db: 1 } }],
  [
    { nodes: ['redis://u:p@a'], password: 'common', tls: { ca: 'A' } },
    { cluster: { nodes: [{ host: 'a', port: 6379 }], password: 'common', tls: { ca: 'A' } } },
  ],
  [
    { nodes: [{ host: 'a', password: 'p', tls: true }] },
    { cluster: { nodes: [{ host: 'a', port: 6379 }], password: 'p', tls: {} } },
  ],
  [
    { sentinels: ['rediss://:s@a:1'], name: 'main', password: 'p' },
    {
      sentinel: {
        sentinels: [{ host: 'a', port: 1 }],
        name: 'main',
        password: 'p',
        sentinelLogin: { password: 's' },
        sentinelTls: {},
      },
    },
  ],
  [
    { sentinels: [{ host: 'a', port: 26379 }], name: 'main', sentinelPassword: 's', password: 'p', sentinelTLS: true },
    {
      sentinel: {
        sentinels: [{ host: 'a', port: 26379 }],
        name: 'main',
        password: 'p',
        sentinelLogin: { password: 's' },
        sentinelTls: {},
      },
    },
  ],
];

for (const [given, address] of options) {
  test(`options ${JSON.stringify(given)} are understood`, () => {
    assert.deepEqual(readAddress(given), { keyPrefix: '', address });
  });
}

const refused = [
  [5, 'INVALID_ARGUMENT', /redis must be a client of ioredis or of redis .*, a URL, or connection options .*, got 5/],
  [undefined, 'INVALID_ARGUMENT', /redis must be a client/],
  ['http://user:secret@h', 'INVALID_OPTION', /"redis" must be a URL such as redis:.*got "http:\/\/…@h"/],
  ['redis://:ab/cdSECRET@h:6379/0', 'INVALID_OPTION', /got "redis:\/\/…@h:6379\/0"/],
  ['redis://:ab@cd/SECRET@h:port', 'INVALID_OPTION', /got "redis:\/\/…@h:port"/],
  ['user:SECRET@h:6379', 'INVALID_OPTION', /got "…@h:6379"/],
  [{ nodes: ['user:SEC/RET@h:6379'] }, 'INVALID_OPTION', /got "redis:\/\/…@h:6379"/],
  ['redis://h/x', 'INVALID_OPTION', /the number of a database/],
  ['redis://:50%off@h', 'INVALID_OPTION', /"redis" must be a URL whose percent signs .*got "redis:\/\/…@h"/],
  ['unix:///run/50%off', 'INVALID_OPTION', /percent signs/],
  [{ url: 'redis://us%er@h' }, 'INVALID_OPTION', /"url" must be a URL whose percent signs/],
  ['not a url', 'INVALID_OPTION', /a URL such as redis:/],
  [{ host: 5 }, 'INVALID_OPTION', /option "host" must be a string, got 5/],
  [{ port: 0 }, 'INVALID_OPTION', /option "port" must be a port: an integer from 1 to 65535, got 0/],
  [{ db: -1 }, 'INVALID_OPTION', /option "db"/],
  [{ db: 1e20 }, 'INVALID_OPTION', /option "db" must be the number of a database/],
  [{ db: true }, 'INVALID_OPTION', /option "db" must be the number of a database/],
  [{ db: [] }, 'INVALID_OPTION', /option "db" must be the number of a database/],
  ['redis://h/99999999999999999999', 'INVALID_OPTION', /option "redis" must be the number of a database/],
  [{ port: [7000] }, 'INVALID_OPTION', /option "port" must be a port/],
  [{ host: 'a\ud800' }, 'INVALID_OPTION', /option "host" must be a string of whole characters/],
  [
    { password: 'a\ud800' },
    'INVALID_OPTION',
    /option "password" must be a string of whole characters, got "\(hidden\)"/,
  ],
  ['/run/\ud800.sock', 'INVALID_OPTION', /option "redis" must be a string of whole characters/],
  [{ tls: { ca: '\ud800' } }, 'INVALID_OPTION', /option "tls\.ca" must be a string of whole characters/],
  [{ nodes: [] }, 'INVALID_OPTION', /option "nodes" must be an array of \{ host, port \}/],
  [{ nodes: [{ port: 70_000 }] }, 'INVALID_OPTION', /option "nodes\[0\]\.port"/],
  [{ nodes: [''] }, 'INVALID_OPTION', /option "nodes\[0\]" must be a server such as host:6379 .*, got ""/],
  [{ nodes: ['unix:///run/redis.sock'] }, 'INVALID_OPTION', /option "nodes\[0\]" must be a server such as/],
  [{ nodes: ['redis://a/3'] }, 'INVALID_OPTION', /option "nodes\[0\]" must be a server .*, without a database/],
  [{ nodes: ['a'], db: 3 }, 'INVALID_OPTION', /option "db" must be left out: a cluster has one database/],
  [{ nodes: [{ url: 'redis://u:SECRET@a' }] }, 'INVALID_OPTION', /option "nodes\[0\]\.url" must be left out/],
  [
    { nodes: ['redis://:SECRET@a', 'redis://:OTHER@b'] },
    'INVALID_OPTION',
    /option "nodes\[1\]" must be a server with the login of the others/,
  ],
  [
    { nodes: ['rediss://a', { host: 'b', tls: { ca: 'A' } }] },
    'INVALID_OPTION',
    /option "nodes\[1\]" must be a server with the encryption of the others/,
  ],
  [
    { nodes: [{ host: 'a', password: () => 'p' }] },
    'INVALID_OPTION',
    /option "nodes\[0\]\.password" must be a string, got function/,
  ],
  [{ sentinels: ['/run/redis.sock'], name: 'm' }, 'INVALID_OPTION', /option "sentinels\[0\]" must be a server/],
  [{ sentinels: [{}] }, 'INVALID_OPTION', /option "name" must be a string/],
  [
    { tls: { servername: 'x' } },
    'INVALID_OPTION',
    /option "tls\.servername" must be left out: there are ca, cert, key, rejectUnauthorized/,
  ],
  [{ tls: { ca: 5 } }, 'INVALID_OPTION', /option "tls\.ca" must be PEM/],
];

for (const [given, code, message] of refused) {
  test(`${JSON.stringify(given) ?? given} is refused by name`, () => {
    assert.throws(() => new RedisStore(given), { code, message });
  });
}

const storeOptions = [
  [{ prefix: 5 }, /option "prefix" must be a string, got 5/],
  [{ prefix: 'a\ud800' }, /option "prefix" must be a string of whole characters/],
  [{ indexKey: 5 }, /option "indexKey" must be a string/],
  [{ useIndex: 'yes' }, /option "useIndex" must be true or false/],
  [{ scanCount: 0 }, /option "scanCount" must be a positive integer/],
  [{ batchSize: 1.5 }, /option "batchSize" must be a positive integer/],
  [{ batchSize: 2 ** 32 }, /option "batchSize" must be a positive integer below 2\^32/],
  [{ deleteStrategy: 'flush' }, /option "deleteStrategy" must be one of "unlink", "del", got "flush"/],
  [{ commandTimeoutMs: -1 }, /option "commandTimeoutMs"/],
  [{ connectTimeoutMs: 'soon' }, /option "connectTimeoutMs"/],
  [{ longestLoadMs: 86_400_001 }, /option "longestLoadMs" must be a number .* from 0 to 86400000 .*, got 86400001/],
  [{ longestLoadMs: -1 }, /option "longestLoadMs" must be a number .* from 0 to 86400000/],
  [{ longestLoadMs: NaN }, /option "longestLoadMs" must be/],
  [{ longestLoadMs: '1h' }, /option "longestLoadMs" must be a number .*, got "1h"/],
  [{ limits: { maxDepth: 0 } }, /option "limits\.maxDepth" must be a positive integer/],
  [{ limits: 5 }, /option "limits" must be an object/],
  [{ ttlMs: -1 }, /option "ttlMs"/],
  [{ levels: { L2: { maxEntries: 0 } } }, /option "levels\.L2\.maxEntries"/],
  [5, /option "options" must be an object, got 5/],
];

for (const [given, message] of storeOptions) {
  test(`store options ${JSON.stringify(given)} are refused by name`, () => {
    assert.throws(() => new RedisStore('redis://localhost', given), { code: 'INVALID_OPTION', message });
  });
}

test('the longest load may be a day, be it as 0 or Infinity', () => {
  for (const longestLoadMs of [0, 1, 86_400_000, Infinity]) {
    assert.doesNotThrow(() => new RedisStore('redis://localhost', { longestLoadMs }), String(longestLoadMs));
  }
});

for (const [line, Client, Group] of [
  ['ioredis 6', Redis, Cluster],
  ['ioredis 5', Redis5, Cluster5],
]) {
  const addressOf = (client) => {
    const { address, keyPrefix } = readAddress(client);
    client.on('error', () => {});
    client.disconnect();
    return { address, keyPrefix };
  };

  test(`${line}: the options of a client are read`, () => {
    const client = new Client({
      host: 'h',
      port: 7000,
      db: 2,
      username: 'u',
      password: 'p',
      keyPrefix: 'k:',
      tls: {},
      lazyConnect: true,
    });
    const address = { single: { host: 'h', port: 7000, db: 2, username: 'u', password: 'p', tls: {} } };
    assert.deepEqual(addressOf(client), { address, keyPrefix: 'k:' });
  });

  test(`${line}: the URL of a client is read`, () => {
    const client = new Client('redis://u:p@h:7000/3', { lazyConnect: true });
    assert.deepEqual(addressOf(client).address, {
      single: { host: 'h', port: 7000, db: 3, username: 'u', password: 'p' },
    });
  });

  test(`${line}: sentinels are read`, () => {
    const client = new Client({
      sentinels: [{ host: 'a', port: 1 }],
      name: 'main',
      sentinelPassword: 's',
      password: 'p',
      lazyConnect: true,
    });
    const sentinel = {
      sentinels: [{ host: 'a', port: 1 }],
      name: 'main',
      db: 0,
      password: 'p',
      sentinelLogin: { password: 's' },
    };
    assert.deepEqual(addressOf(client).address, { sentinel });
  });

  test(`${line}: the nodes of a cluster are read`, () => {
    const client = new Group([{ host: 'a', port: 1 }, 'redis://b:2'], {
      redisOptions: { password: 'p' },
      keyPrefix: 'k:',
      lazyConnect: true,
    });
    const cluster = {
      nodes: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      password: 'p',
    };
    assert.deepEqual(addressOf(client), { address: { cluster }, keyPrefix: 'k:' });
  });

  test(`${line}: logins and encryption in URLs of the nodes of a cluster are read`, () => {
    const client = new Group(['rediss://u:p@a:1', 'rediss://u:p@b:2'], { lazyConnect: true });
    const { cluster } = addressOf(client).address;
    assert.deepEqual([cluster.username, cluster.password, cluster.tls], ['u', 'p', {}]);
  });

  const others = {
    'reads from replicas': { sentinels: [{ host: 'a' }], name: 'm', role: 'slave' },
    'is read-only': { readOnly: true },
    'maps addresses': { sentinels: [{ host: 'a' }], name: 'm', natMap: { 'a:1': { host: 'b', port: 2 } } },
    'names the server that its certificate is of': { tls: { servername: 'x' } },
  };
  for (const [what, given] of Object.entries(others)) {
    test(`${line}: a client that ${what} is driven itself`, () => {
      assert.equal(addressOf(new Client({ ...given, lazyConnect: true })).address, undefined);
    });
  }

  for (const scaleReads of ['slave', 'all', (nodes) => nodes[0]]) {
    test(`${line}: a cluster client that reads from replicas (${scaleReads}) is driven itself`, () => {
      const client = new Group([{ host: 'a', port: 1 }], { scaleReads, lazyConnect: true });
      assert.equal(addressOf(client).address, undefined);
    });
  }

  test(`${line}: the store's connection ends with the client's, and comes back with it`, async (t) => {
    const server = await redisServer(t);
    const client = new Client(server.port, '127.0.0.1');
    client.on('error', () => {});
    t.after(() => client.disconnect());
    const store = new RedisStore(client);
    await store.set('k', 1);
    client.disconnect();
    await until(() => client.status === 'end', 'the client ends');
    await assert.rejects(store.get('k'), { message: /the connection to Redis was closed/ });
    await client.connect();
    await until(() => store.get('k').catch(() => undefined), 'the store is back');
    client.disconnect();
  });
}

test('a store of a client that has ended fails at once', async (t) => {
  const { client } = await redisWithClient(t);
  await client.quit();
  await until(() => client.status === 'end', 'the client ends');
  await assert.rejects(new RedisStore(client).get('k'), /was closed/);
});

test('a store of a client that was not connected yet connects by itself', async (t) => {
  const { client } = await redisWithClient(t, [], { lazyConnect: true });
  const store = new RedisStore(client);
  await store.set('k', 1);
  assert.equal(await store.get('k'), 1);
  assert.equal(client.status, 'wait');
});

test("close ends the store's own connection and leaves the client's", async (t) => {
  const { client } = await redisWithClient(t);
  const store = new RedisStore(client);
  await store.set('k', 1);
  await store.close();
  await assert.rejects(store.get('k'), /was closed/);
  assert.equal(await client.ping(), 'PONG');
});

test('a database other than the first is kept apart', async (t) => {
  const { server, client } = await redisWithClient(t, [], { db: 3 });
  const store = new RedisStore(client);
  await store.set('k', 1);
  assert.equal(await client.exists('cache:k'), 1);
  assert.equal(await new RedisStore(server.url).has('k'), false);
  assert.equal(await new RedisStore(`${server.url}/3`).has('k'), true);
});

test('user name and password are used', async (t) => {
  const { server, client } = await redisWithClient(t);
  await client.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all');
  await client.call('ACL', 'SETUSER', 'default', 'off');
  const login = { host: '127.0.0.1', port: server.port, username: 'app' };
  const store = new RedisStore({ ...login, password: 'secret' });
  await store.set('k', 1);
  assert.equal(await store.get('k'), 1);
  const wrong = await new RedisStore({ ...login, password: 'wrong' }).get('k').catch((error) => error.message);
  assert.match(wrong, /refused the user name or password|WRONGPASS/);
  assert.doesNotMatch(wrong, /wrong/);
});

test('a Unix socket is used', async (t) => {
  const { server } = await redisWithClient(t, ['--unixsocket', 'redis.sock']);
  const store = new RedisStore(`${server.cwd}/redis.sock`);
  await store.set('k', 1);
  assert.equal(await store.get('k'), 1);
});

test('a process ends while a store is connected', async (t) => {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const server = await redisServer(t);
  const script = `const { RedisStore } = require(${JSON.stringify(require.resolve('../../index.js'))});
    const store = new RedisStore(${JSON.stringify(server.url)});
    store.set("k", 1).then(() => console.log("stored"));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { timeout: 20_000 });
  assert.equal(stdout, 'stored\n');
});
