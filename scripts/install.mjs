// Installs the npm packages of a lockfile, unless they are there already: those of the project, and the tools of its
// tests.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, isMain, readManifest } from './parts/project.mjs';
import { npm, run } from './parts/run.mjs';
import { digestOf, isStamped, writeStamp } from './parts/stamp.mjs';

/** Test runners, package managers and versions of Node.js under which tests run the package. */
export const TOOLS = join(ROOT, '__test__', 'tools');

/** Further packages for `npm run test:toolchains`. */
const TOOLCHAINS = join(ROOT, '__test__', 'toolchains');

const stampOf = (folder) => join(folder, 'node_modules', '.install-stamp');

export const INSTALL_STAMP = stampOf(ROOT);

function wanted(folder) {
  const { dependencies, devDependencies, optionalDependencies } = readManifest(folder);
  const facts = [
    process.platform,
    process.arch,
    JSON.stringify({ dependencies, devDependencies, optionalDependencies }),
  ];
  return digestOf(folder, ['package-lock.json', '.npmrc'], facts);
}

/**
 * Throws an Error when npm fails.
 * @param {string} [folder] of the lockfile
 * @param {string[]} [options] more arguments of `npm ci`
 */
export async function install(folder = ROOT, options = []) {
  const digest = wanted(folder);
  const stamp = stampOf(folder);
  if (existsSync(stamp) && isStamped(stamp, digest)) {
    console.log('npm packages: up to date');
    return;
  }
  console.log('npm packages: installing …');
  const { command, args, shell } = npm('ci', '--no-audit', '--no-fund', ...options);
  if ((await run(command, args, { shell, cwd: folder })) !== 0) throw new Error('npm ci failed');
  writeStamp(stamp, digest);
}

/** Installs the tools of the tests. None of them needs a script of its own to be run. */
export const installTools = () => install(TOOLS, ['--ignore-scripts']);

export const installToolchains = () => install(TOOLCHAINS, ['--ignore-scripts']);

if (isMain(import.meta.url)) {
  install().catch((error) => {
    console.error(`install: ${error.message}`);
    process.exitCode = 1;
  });
}
