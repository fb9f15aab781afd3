// Private PostgreSQL servers.
import { execFileSync } from 'node:child_process';
import { accessSync, chownSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Client } from 'pg';
import { freePort, ServerProcess, temporaryFolder } from './process.mjs';

const INSTALL = 'apt-get install postgresql, or brew install postgresql';
/** Where Debian has the programs, by version, which are not on the path. */
const DEBIAN = '/usr/lib/postgresql';

/** The folder of `initdb` and `postgres`. */
function programs() {
  const onDebian = () => readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin'));
  const folders = [...attempt(onDebian, []).toReversed(), ...(process.env.PATH ?? '').split(delimiter)];
  const hasBoth = (folder) =>
    attempt(() => ['initdb', 'postgres'].every((program) => !accessSync(join(folder, program), constants.X_OK)), false);
  const found = folders.find(hasBoth);
  if (found === undefined) throw new Error(`PostgreSQL cannot be started: ${INSTALL}`);
  return found;
}

function attempt(act, otherwise) {
  try {
    return act();
  } catch {
    return otherwise;
  }
}

/** A user to run it as, and the words before its command: it refuses root. */
function owner() {
  if (process.getuid?.() !== 0) return { as: [] };
  const idOf = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const [uid, gid] = [idOf('-u'), idOf('-g')];
  return { uid, gid, as: ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--'] };
}

/** Whether a server takes clients. */
async function answers(url) {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 500 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

/**
 * A running server with a database of its own, closed with the test. `stop()` and `start()` restart it.
 * @param {import("node:test").TestContext} t
 */
export async function postgresServer(t) {
  const [folder, port, cwd] = [programs(), await freePort(), temporaryFolder('postgres')];
  const { uid, gid, as } = owner();
  if (uid !== undefined) chownSync(cwd, uid, gid);
  const data = join(cwd, 'data');
  const [command, ...args] = [
    ...as,
    join(folder, 'initdb'),
    ...['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'],
  ];
  execFileSync(command, args, { cwd, stdio: 'ignore' });
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', fsync: 'off' };
  const [program, ...given] = [
    ...as,
    join(folder, 'postgres'),
    ...['-D', data],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const how = { cwd, isReady: () => answers(url), install: INSTALL, isGroup: true };
  const server = new ServerProcess(program, given, how);
  Object.assign(server, { port, url });
  // Told otherwise it would wait for its clients to leave.
  server.stop = async () => {
    server.child.kill('SIGINT');
    await server.ended;
  };
  await server.start();
  t.after(() => server.kill());
  return server;
}
