// Finds the servers that tests start for themselves, and installs those that are missing.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMain } from './parts/project.mjs';
import { answers, run } from './parts/run.mjs';

/** By program, the packages that have it. */
const SERVERS = { 'redis-server': { apt: 'redis-server', brew: 'redis' } };

/** Whether a program is on the path. */
function isThere(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What has to come before apt-get: nothing for root, sudo where it asks for no password; undefined where apt cannot be used. */
function aptPrefix() {
  if (!isThere('apt-get')) return undefined;
  if (process.getuid?.() === 0) return [];
  return answers('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

async function apt(prefix, ...args) {
  const [command, ...rest] = [...prefix, 'apt-get', ...args];
  return (await run(command, rest, { env: { DEBIAN_FRONTEND: 'noninteractive' } })) === 0;
}

/** Throws an Error that says what to do when a server is missing and cannot be installed. */
export async function ensureServers() {
  if (process.platform === 'win32') {
    console.log('servers: there are none for Windows; what needs them is tested on Linux and macOS');
    return;
  }
  const missing = Object.keys(SERVERS).filter((program) => !isThere(program));
  if (missing.length === 0) {
    console.log(`servers: ${Object.keys(SERVERS).join(', ')}: there`);
    return;
  }
  const packages = (manager) => missing.map((program) => SERVERS[program][manager]).join(' ');
  const byHand = `${missing.join(', ')} not found; apt-get install ${packages('apt')}, or brew install ${packages('brew')}`;
  const prefix = aptPrefix();
  if (prefix === undefined) throw new Error(byHand);
  console.log(`servers: installing ${packages('apt')} …`);
  const installed =
    (await apt(prefix, 'update')) && (await apt(prefix, 'install', '-y', '--no-install-recommends', ...packages('apt').split(' ')));
  if (!installed || missing.some((program) => !isThere(program))) throw new Error(byHand);
}

if (isMain(import.meta.url)) {
  ensureServers().catch((error) => {
    console.error(`servers: ${error.message}`);
    process.exitCode = 1;
  });
}
