// Logins and encryption of each transport.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nkeys } from 'nats';
import { NatsEventBus, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { freePort } from '../support/servers/process.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { RedisServer } from '../support/servers/redis.mjs';

const path = (name) => fileURLToPath(new URL(`../support/servers/tls/${name}`, import.meta.url));
const [ca, cert, key] = ['ca.crt', 'server.crt', 'server.key'].map((name) => readFileSync(path(name), 'utf8'));
const EVENT = { id: '1', type: 'del', source: 'a', ts: 1, keys: ['k'] };

/** A bus that works: its events come back. */
async function works(bus) {
  const heard = [];
  try {
    await bus.connect();
    await bus.subscribe((event) => void heard.push(event));
    await bus.publish(EVENT);
    await until(() => heard.length === 1, 'it comes back');
  } finally {
    await bus.disconnect();
  }
}

const natsBus = (server, connectionOptions) =>
  new NatsEventBus({ connectionOptions: { servers: server.url, ...connectionOptions }, logging: { enabled: false } });

const json = (url) =>
  new Promise((resolve, reject) => {
    get(url, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve(JSON.parse(body)));
    }).on('error', reject);
  });

test('nats: a token, also as an authenticator', async (t) => {
  const server = await natsServer(t, 'authorization { token: secret }');
  await works(natsBus(server, { token: 'secret' }));
  await works(natsBus(server, { authenticator: () => ({ auth_token: 'secret' }) }));
  await assert.rejects(works(natsBus(server, {})), /authorization violation/i);
});

test('nats: an nkey', async (t) => {
  const user = nkeys.createUser();
  const server = await natsServer(t, `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
  await works(natsBus(server, { nkey: new TextDecoder().decode(user.getSeed()) }));
});

test('nats: the server shows the name of the connection', async (t) => {
  const monitor = await freePort();
  const server = await natsServer(t, `http: 127.0.0.1:${monitor}`);
  const bus = natsBus(server, { name: 'instance-7' });
  t.after(() => bus.disconnect());
  await bus.connect();
  const { connections } = await json(`http://127.0.0.1:${monitor}/connz`);
  assert.deepEqual(
    connections.map(({ name }) => name),
    ['instance-7'],
  );
});

test('nats: a server that is away is left out, one of several does', async (t) => {
  const server = await natsServer(t);
  await works(natsBus(server, { servers: [`127.0.0.1:${await freePort()}`, `127.0.0.1:${server.port}`] }));
});

test('nats: reconnecting ends when it is told to', async (t) => {
  const port = await freePort();
  const bus = natsBus({ url: `127.0.0.1:${port}` }, { maxReconnectAttempts: 1, reconnectTimeWait: 20 });
  t.after(() => bus.disconnect());
  await assert.rejects(bus.connect(), /no connection to NATS/);
  await until(async () => {
    await bus.publish(EVENT).catch(() => {});
    return (await bus.healthCheck()).queued > 0;
  }, 'it has given up, and what is published waits');
});

test('nats: encryption, and with a certificate of our own', async (t) => {
  const files = `cert_file: ${JSON.stringify(path('server.crt'))}, key_file: ${JSON.stringify(path('server.key'))}`;
  const server = await natsServer(t, `tls { ${files} }`);
  await works(natsBus(server, { tls: { ca } }));
  await works(natsBus(server, { tls: { caFile: path('ca.crt') } }));
  await assert.rejects(works(natsBus(server, { tls: {} })), /certificate/i);
  const strict = await natsServer(t, `tls { ${files}, ca_file: ${JSON.stringify(path('ca.crt'))}, verify: true }`);
  await works(natsBus(strict, { tls: { ca, cert, key } }));
});

test('redis: encryption', async (t) => {
  const port = await freePort();
  const files = [
    '--tls-cert-file',
    path('server.crt'),
    '--tls-key-file',
    path('server.key'),
    '--tls-ca-cert-file',
    path('ca.crt'),
  ];
  const server = new RedisServer(port, [
    '--port',
    '0',
    '--tls-port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    ...files,
    '--tls-auth-clients',
    'no',
  ]);
  server.isReady = async () => server.output.includes('Ready to accept');
  await server.start();
  t.after(() => server.kill());
  const redis = { host: '127.0.0.1', port, tls: { ca } };
  await works(new RedisEventBus(redis, 'c', { logging: { enabled: false } }));
});

test('rabbitmq: encryption, with the authorities of the system', async (t) => {
  const port = await freePort();
  const files = ['cacertfile = ca.crt', 'certfile = server.crt', 'keyfile = server.key'];
  const config = files.map((line) => `ssl_options.${line.replace(/= (.*)/, (_, name) => `= ${path(name)}`)}`);
  await rabbitServer(
    t,
    [`listeners.ssl.1 = 127.0.0.1:${port}`, ...config, 'ssl_options.verify = verify_none', ''].join('\n'),
  );
  // The system's authorities are those of a file, which only a process that starts with it sees.
  const fixture = fileURLToPath(new URL('encrypted.mjs', import.meta.url));
  const child = fork(fixture, [`amqps://guest:guest@localhost:${port}`], {
    env: { ...process.env, SSL_CERT_FILE: path('ca.crt') },
  });
  const [answer] = await once(child, 'message');
  assert.equal(answer, 'it comes back');
});
