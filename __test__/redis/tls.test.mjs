import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Redis from 'ioredis';
import { RedisStore } from '../../index.mjs';
import { ca, tlsPath, tlsServer } from './tls-server.mjs';

async function roundTrip(redis) {
  const store = new RedisStore(redis);
  await store.set('k', { a: 1 });
  return store.get('k');
}

test('a server whose certificate an authority of the options has signed is used', async (t) => {
  const { port } = await tlsServer(t);
  assert.deepEqual(await roundTrip({ host: 'localhost', port, tls: { ca } }), { a: 1 });
});

test('the encryption of a client of ioredis is used', async (t) => {
  const { port } = await tlsServer(t);
  const client = new Redis({ host: 'localhost', port, tls: { ca } });
  t.after(() => client.disconnect());
  assert.deepEqual(await roundTrip(client), { a: 1 });
});

test('a certificate that nobody known has signed is refused, and taken where that is allowed', async (t) => {
  const { port } = await tlsServer(t);
  await assert.rejects(roundTrip({ host: 'localhost', port, tls: true }), /no connection to Redis at localhost/);
  assert.deepEqual(await roundTrip({ host: 'localhost', port, tls: { rejectUnauthorized: false } }), { a: 1 });
});

test('our own certificate is shown to a server that asks for one', async (t) => {
  const { port } = await tlsServer(t, { authClients: 'yes' });
  const own = { cert: readFileSync(tlsPath('server.crt')), key: readFileSync(tlsPath('server.key')) };
  assert.deepEqual(await roundTrip({ host: 'localhost', port, tls: { ca, ...own } }), { a: 1 });
  await assert.rejects(roundTrip({ host: 'localhost', port, tls: { ca } }), /Redis at localhost/);
});
