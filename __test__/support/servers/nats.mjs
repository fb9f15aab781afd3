// Private NATS servers.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, ServerProcess, temporaryFolder } from './process.mjs';

const INSTALL = 'apt-get install nats-server, or brew install nats-server';

/** Whether a server on a port says who it is. */
function greets(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (greeted) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.setTimeout(500, () => end(false));
    socket.once('data', (data) => end(String(data).startsWith('INFO')));
    socket.once('error', () => end(false));
  });
}

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
  const server = new ServerProcess('nats-server', args, { cwd, isReady: () => greets(port), install: INSTALL });
  server.port = port;
  server.url = `nats://127.0.0.1:${port}`;
  await server.start();
  t?.after(() => server.kill());
  return Object.assign(server, { end: () => server.kill() });
}
