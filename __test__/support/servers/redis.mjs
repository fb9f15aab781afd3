// Private redis-servers, and clients of them as the other side of a test.
import Redis from 'ioredis';
import { greets } from './greeting.mjs';
import { freePort, ServerProcess, temporaryFolder } from './process.mjs';

const INSTALL = 'apt-get install redis-server, or brew install redis';

/** Whether a Redis on a port answers PING, be it to refuse it. */
const answers = (port) => greets(port, (data) => /^(\+PONG|-NOAUTH)/.test(String(data)), { say: 'PING\r\n' });

export class RedisServer extends ServerProcess {
  constructor(port, args, program = 'redis-server') {
    const options = { cwd: temporaryFolder('redis'), isReady: () => answers(port), install: INSTALL };
    super(program, args, options);
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** A client of `ioredis` on this server; it is to be disconnected by the test. */
  client(options = {}) {
    const client = new Redis({ port: this.port, host: '127.0.0.1', ...options });
    client.on('error', () => {});
    return client;
  }
}

/**
 * A running server that keeps nothing on disk; closed with the test.
 * @param {import("node:test").TestContext | undefined} t none: it ends with the process
 * @param {string[]} [extra] further options, `--name value`
 */
export async function redisServer(t, extra = [], port = undefined) {
  const at = port ?? (await freePort());
  const server = new RedisServer(at, [
    '--port',
    String(at),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    ...extra,
  ]);
  await server.start();
  t?.after(() => server.kill());
  return server;
}

/** A running server with a client of `ioredis` on it, both closed with the test. */
export async function redisWithClient(t, extra = [], options = {}) {
  const server = await redisServer(undefined, extra);
  const client = server.client(options);
  t.after(async () => {
    client.disconnect();
    await server.kill();
  });
  return { server, client };
}

/** How often the server has run a command. */
export async function callsOf(client, command) {
  const stats = await client.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}
