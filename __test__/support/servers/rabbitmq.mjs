// Private RabbitMQ brokers.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, ServerProcess, temporaryFolder } from './process.mjs';

const INSTALL = 'apt-get install rabbitmq-server, or brew install rabbitmq';
/** Debian's program of that name changes to a user of its own: it runs this then. */
const DEBIAN = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Whether a broker on a port greets who speaks AMQP. */
function greets(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1')));
    const end = (greeted) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('data', (data) => end(data[0] === 1));
    socket.once('error', () => end(false));
  });
}

/** The directory of Erlang nodes; without one of ours, RabbitMQ would leave one running. */
async function erlangPorts() {
  const port = await freePort();
  const isReady = () =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true) || socket.destroy());
      socket.once('error', () => resolve(false));
    });
  const args = ['-port', String(port), '-address', '127.0.0.1'];
  const server = new ServerProcess('epmd', args, { cwd: temporaryFolder('epmd'), isReady, install: INSTALL });
  await server.start();
  return { port, server };
}

/**
 * A running broker that keeps durable things in a folder of its own; closed with the test.
 * @param {import("node:test").TestContext | undefined} t none: it ends with the process
 * @param {string} [config] further lines of its configuration
 */
export async function rabbitServer(t, config = '') {
  const ports = await Promise.all([freePort(), freePort(), erlangPorts()]);
  const [port, distribution, { port: epmd, server: directory }] = ports;
  const cwd = temporaryFolder('rabbitmq');
  for (const folder of ['data', 'log']) mkdirSync(join(cwd, folder));
  const lines = [`listeners.tcp.1 = 127.0.0.1:${port}`, 'log.console.level = warning', config];
  writeFileSync(join(cwd, 'rabbitmq.conf'), lines.join('\n'));
  writeFileSync(join(cwd, 'enabled_plugins'), '[].\n');
  const env = {
    ...process.env,
    HOME: cwd,
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `test${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONFIG_FILE: join(cwd, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(cwd, 'none'),
    RABBITMQ_MNESIA_BASE: join(cwd, 'data'),
    RABBITMQ_LOG_BASE: join(cwd, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(cwd, 'enabled_plugins'),
    RABBITMQ_PID_FILE: join(cwd, 'pid'),
    // Two schedulers are plenty, and busy waiting takes the time of the test.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
  };
  const program = existsSync(DEBIAN) ? DEBIAN : 'rabbitmq-server';
  const options = { cwd, env, isReady: () => greets(port), install: INSTALL, isGroup: true, startMs: 90_000 };
  const server = new ServerProcess(program, [], options);
  server.port = port;
  server.url = `amqp://guest:guest@127.0.0.1:${port}`;
  await server.start();
  const end = async () => {
    await server.kill();
    await directory.kill();
  };
  t?.after(end);
  return Object.assign(server, { end });
}
