// Finds the servers and the browser that tests start for themselves, and installs those that are missing.
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findBrowser } from './parts/browser.mjs';
import { ROOT, isMain } from './parts/project.mjs';
import { answers, capture, run } from './parts/run.mjs';

/** By program, the packages that have it; the Docker image and where that has it, if it runs out of its image. */
const SERVERS = {
  'redis-server': {
    apt: 'redis-server',
    brew: 'redis',
    image: 'redis:7.4-bookworm',
    path: '/usr/local/bin/redis-server',
  },
  'rabbitmq-server': { apt: 'rabbitmq-server', brew: 'rabbitmq' },
  'nats-server': {
    apt: 'nats-server',
    brew: 'nats-server',
    image: 'nats:2.11-alpine',
    path: '/usr/local/bin/nats-server',
    isStatic: true,
  },
  postgres: { apt: 'postgresql', brew: 'postgresql' },
  chromium: { apt: 'chromium', brew: 'chromium' },
};

/** By processor, the folder of libraries in the images (Debian's), and the loader of these. */
const LIBRARIES = {
  x64: { folder: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { folder: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** Where programs out of images are put. On the path of every step of `npm test`. */
export const SERVERS_FOLDER = join(ROOT, 'node_modules', '.cache', 'servers');

/** Where Debian has PostgreSQL, by version. */
const POSTGRES = '/usr/lib/postgresql';

/** Debian's RabbitMQ is started by a program off the path, as are PostgreSQL and any on a path that only root has. */
const ELSEWHERE = {
  'rabbitmq-server': ['/usr/lib/rabbitmq/bin', '/usr/sbin'],
  postgres: existsSync(POSTGRES) ? readdirSync(POSTGRES).map((version) => join(POSTGRES, version, 'bin')) : [],
};

/** Whether a program is on the path, or where tests look for it. */
function isThere(program) {
  if (program === 'chromium') return findBrowser() !== undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...(ELSEWHERE[program] ?? [])];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * The prefix of an apt-get command: nothing for root, sudo where it asks for no password; undefined where apt cannot be
 * used.
 */
function aptPrefix() {
  if (!isThere('apt-get')) return undefined;
  if (process.getuid?.() === 0) return [];
  return answers('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

async function apt(prefix, ...args) {
  const [command, ...rest] = [...prefix, 'apt-get', ...args];
  return (await run(command, rest, { env: { DEBIAN_FRONTEND: 'noninteractive' } })) === 0;
}

/**
 * Takes a program out of its image, with all that it is linked with: it then runs as any other, so that tests can stop
 * and kill it. On Linux alone; false when that does not come about.
 */
async function takeFromDocker(program) {
  if (process.platform !== 'linux' || !(process.arch in LIBRARIES) || !answers('docker', ['info'])) return false;
  const { image, path, isStatic = false } = SERVERS[program];
  if (image === undefined) return false;
  console.log(`servers: taking ${program} from the image ${image} …`);
  const files = join(SERVERS_FOLDER, `${program}.files`);
  rmSync(files, { recursive: true, force: true });
  mkdirSync(files, { recursive: true });
  const container = capture('docker', ['create', image]).trim();
  const { folder, loader } = LIBRARIES[process.arch];
  try {
    for (const wanted of isStatic ? [path] : [`/usr/lib/${folder}`, path]) {
      if ((await run('docker', ['cp', `${container}:${wanted}`, files])) !== 0) return false;
    }
  } finally {
    await run('docker', ['rm', '-f', container]);
  }
  const libraries = join(files, folder);
  const how = isStatic ? '' : `"${join(libraries, loader)}" --library-path "${libraries}" `;
  const start = `#!/bin/sh\nexec ${how}"${join(files, program)}" "$@"\n`;
  writeFileSync(join(SERVERS_FOLDER, program), start);
  chmodSync(join(SERVERS_FOLDER, program), 0o755);
  return answers(join(SERVERS_FOLDER, program), ['--version']);
}

/** Throws an Error with advice if a server is missing and cannot be installed. */
export async function ensureServers() {
  process.env.PATH = [process.env.PATH, SERVERS_FOLDER].filter(Boolean).join(delimiter);
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
  const byHand = `${missing.join(', ')} not found; run apt-get install ${packages('apt')}, or brew install ${packages('brew')}, or start Docker`;
  const prefix = aptPrefix();
  if (prefix !== undefined) {
    console.log(`servers: installing ${packages('apt')} …`);
    const names = packages('apt').split(' ');
    if ((await apt(prefix, 'update')) && (await apt(prefix, 'install', '-y', '--no-install-recommends', ...names))) {
      return;
    }
  }
  for (const program of missing) {
    if (!isThere(program) && !(await takeFromDocker(program))) throw new Error(byHand);
  }
}

if (isMain(import.meta.url)) {
  ensureServers().catch((error) => {
    console.error(`servers: ${error.message}`);
    process.exitCode = 1;
  });
}
