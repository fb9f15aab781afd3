// Servers with encryption, with one of the certificates for tests.
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { greets } from '../support/servers/greeting.mjs';
import { freePort } from '../support/servers/process.mjs';
import { RedisServer } from '../support/servers/redis.mjs';

/** The path of a file with a certificate or a key. */
export const tlsPath = (name) => fileURLToPath(new URL(`../support/servers/tls/${name}`, import.meta.url));

export const ca = readFileSync(tlsPath('ca.crt'), 'utf8');

/** Whether a server answers over TLS. */
const answers = (port) =>
  greets(port, () => true, {
    say: 'PING\r\n',
    open: (port) => connect({ port, host: '127.0.0.1', rejectUnauthorized: false }),
  });

/**
 * A running server, closed with the test.
 * @param {import("node:test").TestContext} t
 * @param {{ authClients?: "yes" | "no", certificate?: string }} [how]
 */
export async function tlsServer(t, { authClients = 'no', certificate = 'server' } = {}) {
  const port = await freePort();
  const options = {
    port: '0',
    'tls-port': String(port),
    bind: '127.0.0.1',
    save: '',
    'tls-cert-file': tlsPath(`${certificate}.crt`),
    'tls-key-file': tlsPath('server.key'),
    'tls-ca-cert-file': tlsPath('ca.crt'),
    'tls-auth-clients': authClients,
  };
  const server = new RedisServer(
    port,
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
  );
  server.isReady = () =>
    authClients === 'no' ? answers(port) : Promise.resolve(server.output.includes('Ready to accept'));
  await server.start();
  t.after(() => server.kill());
  return server;
}
