// The package managers that people install the package with.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../scripts/parts/run.mjs';
import { TOOLS } from '../../scripts/install.mjs';

const tool = (...path) => join(TOOLS, 'node_modules', ...path);
const NODE_22 = tool('node-22', 'bin', 'node');
/** Not among the tools: its entry in a lockfile cannot be installed. */
const PNPM_12 = 'pnpm@12.4.2';

/**
 * Runs a program; resolves to its exit code and all that it wrote. Not synchronously: the registry is in this process.
 */
export function run(command, args, { cwd, env = {}, shell = false }) {
  const child = spawn(command, args, { cwd, shell, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

const npmOf = (...args) => {
  const { command, args: all, shell } = npm(...args);
  return [command, all, shell];
};

async function pnpm12(folder) {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const [command, args, shell] = npmOf(
    'install',
    '--save-exact',
    PNPM_12,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
  );
  const { status, output } = await run(command, args, { cwd: folder, shell });
  if (status !== 0) throw new Error(`${PNPM_12} cannot be installed: ${output}`);
  const [exe] = readdirSync(join(folder, 'node_modules', '@pnpm'));
  return join(folder, 'node_modules', '@pnpm', exe, process.platform === 'win32' ? 'pnpm.exe' : 'pnpm');
}

/** By name: how each adds a package, as a command and its arguments; `folder` is one of its own. */
export const MANAGERS = {
  npm: async () => npmOf('install', '--no-audit', '--no-fund', 'lazy-layers-cache'),
  'pnpm 10': async () => [process.execPath, [tool('pnpm-10', 'bin', 'pnpm.cjs'), 'add', 'lazy-layers-cache']],
  'pnpm 11': async () => [
    existsSync(NODE_22) ? NODE_22 : process.execPath,
    [tool('pnpm-11', 'bin', 'pnpm.cjs'), 'add', 'lazy-layers-cache'],
  ],
  'pnpm 12': async (folder) => [await pnpm12(folder), ['add', 'lazy-layers-cache']],
};

/** Every manifest of a package below a folder, with the folder that it is in. */
export function* manifestsBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // Links lead to files that are found without them.
    if (entry.isDirectory()) yield* manifestsBelow(path);
    else if (entry.name === 'package.json') yield { folder, manifest: JSON.parse(readFileSync(path, 'utf8')) };
  }
}
