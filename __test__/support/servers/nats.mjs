// Private NATS servers.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { greets } from './greeting.mjs';
import { freePort, ServerProcess, temporaryFolder } from './process.mjs';

const INSTALL = 'apt-get install nats-server, or brew install nats-server';

/** Whether a server on a port says who it is. */
const isReady = (port) => greets(port, (data) => String(data).startsWith('INFO'));

/**
 * A running server with JetStream, which keeps streams in a folder of its own; closed with the test.
 * @param {import("node:test").TestContext | undefined} t none: it ends with the process
 * @param {string} [config] further lines of its configuration
 */
export async function natsServer(t, config = '') {
  const port = await freePort();
  const cwd = temporaryFolder('nats');
  const lines = [
    `listen: 127.0.0.1:${port}`,
    `jetstream { store_dir: ${JSON.stringify(join(cwd, 'jetstream'))} }`,
    config,
  ];
  writeFileSync(join(cwd, 'nats.conf'), lines.join('\n'));
  const args = ['-c', join(cwd, 'nats.conf')];
  const server = new ServerProcess('nats-server', args, { cwd, isReady: () => isReady(port), install: INSTALL });
  server.port = port;
  server.url = `nats://127.0.0.1:${port}`;
  await server.start();
  t?.after(() => server.kill());
  return Object.assign(server, { end: () => server.kill() });
}
