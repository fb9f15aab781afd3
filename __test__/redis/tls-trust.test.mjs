// Certificates that Node.js accepts, and so a client of ioredis, are accepted by the connections of the addon.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Redis from 'ioredis';
import { RedisEventBus, RedisStore } from '../../index.mjs';
import { tlsPath, tlsServer } from './tls-server.mjs';

const reader = fileURLToPath(new URL('tls-reader.mjs', import.meta.url));

const odd = {
  'a certificate that signs itself': ['self-signed', 'self-signed'],
  'a certificate whose name is its subject alone': ['name-only', 'odd-ca'],
  'a certificate of X.509 version 1': ['version-1', 'odd-ca'],
};

for (const [what, [certificate, authority]] of Object.entries(odd)) {
  const ca = readFileSync(tlsPath(`${authority}.crt`), 'utf8');

  test(`${what} is taken where Node.js takes it, by a store and by a bus`, async (t) => {
    const { port } = await tlsServer(t, { certificate });
    const client = new Redis({ host: 'localhost', port, tls: { ca } });
    t.after(() => client.disconnect());
    assert.equal(await client.ping(), 'PONG');
    for (const redis of [client, { host: 'localhost', port, tls: { ca } }]) {
      const store = new RedisStore(redis);
      await store.set('k', { a: 1 });
      assert.deepEqual(await store.get('k'), { a: 1 });
      await store.close();
    }
    const bus = new RedisEventBus(client, 'events');
    t.after(() => bus.disconnect());
    assert.equal((await bus.healthCheck()).ok, true);
  });
}

test('a certificate that Node.js refuses is refused', async (t) => {
  const { port } = await tlsServer(t, { certificate: 'name-only' });
  // It is of localhost.
  const ca = readFileSync(tlsPath('odd-ca.crt'), 'utf8');
  await assert.rejects(new RedisStore({ host: '127.0.0.1', port, tls: { ca } }).get('k'), /certificate/);
  await assert.rejects(new RedisStore({ host: 'localhost', port, tls: true }).get('k'), /certificate/);
});

/** The value that a process with these variables reads from a server, by a URL. */
async function read(port, env) {
  const { stdout } = await promisify(execFile)(process.execPath, [reader, String(port)], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout);
}

test('authorities of NODE_EXTRA_CA_CERTS are trusted', async (t) => {
  const { port } = await tlsServer(t);
  assert.match((await read(port, {})).error, /certificate/);
  assert.deepEqual(await read(port, { NODE_EXTRA_CA_CERTS: tlsPath('ca.crt') }), { has: false });
});

test('NODE_TLS_REJECT_UNAUTHORIZED=0 turns the check off, for a version 1 certificate, too', async (t) => {
  for (const certificate of ['server', 'version-1']) {
    const { port } = await tlsServer(t, { certificate });
    assert.deepEqual(await read(port, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }), { has: false });
  }
});
