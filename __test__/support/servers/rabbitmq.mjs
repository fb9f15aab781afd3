// Private RabbitMQ brokers.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { greets, listens } from './greeting.mjs';
import { freePorts, ServerProcess, temporaryFolder } from './process.mjs';

const INSTALL = 'apt-get install rabbitmq-server, or brew install rabbitmq';
/** Debian's programs of these names change to a user of its own: they run those in here then. */
const DEBIAN = '/usr/lib/rabbitmq/bin';
const program = (name) => (existsSync(join(DEBIAN, name)) ? join(DEBIAN, name) : name);

/** Whether a broker on a port greets who speaks AMQP. */
const isReady = (port) => greets(port, (data) => data[0] === 1, { say: Buffer.from('AMQP\0\0\x09\x01', 'latin1') });

/** The directory of Erlang nodes; without one of ours, RabbitMQ would leave one running. */
async function erlangPorts(port) {
  const args = ['-port', String(port), '-address', '127.0.0.1'];
  const server = new ServerProcess('epmd', args, {
    cwd: temporaryFolder('epmd'),
    isReady: () => listens(port),
    install: INSTALL,
  });
  await server.start();
  return server;
}

/** The settings of a broker that keeps what it has in the folder. */
function settings(cwd, { port, distribution, epmd, config }) {
  for (const folder of ['data', 'log']) mkdirSync(join(cwd, folder));
  const lines = [`listeners.tcp.1 = 127.0.0.1:${port}`, 'log.console.level = warning', config];
  writeFileSync(join(cwd, 'rabbitmq.conf'), lines.join('\n'));
  writeFileSync(join(cwd, 'enabled_plugins'), '[].\n');
  return {
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
}

/**
 * A running broker that keeps durable things in a folder of its own; closed with the test.
 * @param {import("node:test").TestContext | undefined} t none: it ends with the process
 * @param {string} [config] further lines of its configuration
 */
export async function rabbitServer(t, config = '') {
  const [port, distribution, epmd] = await freePorts(3);
  const directory = await erlangPorts(epmd);
  const cwd = temporaryFolder('rabbitmq');
  const env = settings(cwd, { port, distribution, epmd, config });
  const options = { cwd, env, isReady: () => isReady(port), install: INSTALL, isGroup: true, startMs: 90_000 };
  const server = new ServerProcess(program('rabbitmq-server'), [], options);
  server.port = port;
  server.url = `amqp://guest:guest@127.0.0.1:${port}`;
  const end = async () => {
    await server.kill();
    await directory.kill();
  };
  try {
    await server.start();
  } catch (error) {
    await end();
    throw error;
  }
  t?.after(end);
  /** Runs a command of `rabbitmqctl`. */
  const control = (...command) => promisify(execFile)(program('rabbitmqctl'), command, { cwd, env });
  return Object.assign(server, { end, control });
}
