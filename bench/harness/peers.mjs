import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'));

/** The version of a peer that is in place, or `undefined`. */
export function installedVersion(name) {
  const path = join(FOLDER, 'node_modules', name, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : undefined;
}

const isInstalled = (name) => installedVersion(name) === manifest.dependencies[name];

/**
 * Installs the pinned peers into this folder when one that is needed is missing or of another version, so that the
 * package itself can be installed without them.
 */
export function installPeers(packages) {
  const missing = [...new Set(packages)].filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  console.error(`installing the caches to compare with (missing: ${missing.join(', ')}) …`);
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('npm ci failed in bench/; run it there to see why, or pass --no-install');
}

/** The adapters whose packages are there in the pinned version, and the names of the others. */
export function splitByInstalled(adapters) {
  const ready = adapters.filter((adapter) => adapter.packages.every(isInstalled));
  return { ready, absent: adapters.filter((adapter) => !ready.includes(adapter)).map(({ name }) => name) };
}
