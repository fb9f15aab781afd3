// Installs the npm packages of the lockfile, unless they are there already.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, isMain, readManifest } from './parts/project.mjs';
import { npm, run } from './parts/run.mjs';
import { digestOf, isStamped, writeStamp } from './parts/stamp.mjs';

export const INSTALL_STAMP = join(ROOT, 'node_modules', '.install-stamp');

function wanted() {
  const { dependencies, devDependencies } = readManifest();
  const facts = [process.platform, process.arch, JSON.stringify({ dependencies, devDependencies })];
  return digestOf(ROOT, ['package-lock.json', '.npmrc'], facts);
}

/** Throws an Error when npm fails. */
export async function install() {
  const digest = wanted();
  if (existsSync(INSTALL_STAMP) && isStamped(INSTALL_STAMP, digest)) {
    console.log('npm packages: up to date');
    return;
  }
  console.log('npm packages: installing …');
  const { command, args, shell } = npm('ci', '--no-audit', '--no-fund');
  if ((await run(command, args, { shell })) !== 0) throw new Error('npm ci failed');
  writeStamp(INSTALL_STAMP, digest);
}

if (isMain(import.meta.url)) {
  install().catch((error) => {
    console.error(`install: ${error.message}`);
    process.exitCode = 1;
  });
}
