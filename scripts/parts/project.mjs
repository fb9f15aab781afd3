// The folder of the project, and the files that it builds.
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Whether a module is the program that was started, given its `import.meta.url`. */
export function isMain(url) {
  const started = process.argv[1];
  return started !== undefined && url === pathToFileURL(realpathSync(started)).href;
}

export const readManifest = (folder = ROOT) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const OS = { linux: 'linux', darwin: 'darwin', windows: 'win32' };
const CPU = { x86_64: 'x64', aarch64: 'arm64' };

/** The name of a target in packages and files, by Rust's name for it: `x86_64-unknown-linux-gnu` is `linux-x64-gnu`. */
export function targetName(triple) {
  const [cpu, , os, abi] = triple.split('-');
  if (!CPU[cpu] || !OS[os]) throw new Error(`cannot name the target ${triple}: its CPU or system is not known`);
  return [OS[os], CPU[cpu], abi].filter(Boolean).join('-');
}

/** The published targets, `{ triple, name }` each, as package.json lists them. */
export const publishedTargets = () =>
  readManifest().napi.targets.map((triple) => ({ triple, name: targetName(triple) }));

/** The name of this machine's target, from the loader of the package. */
export function hostTargetName() {
  const { currentHost, targetsOf } = createRequire(import.meta.url)('../../lib/native.js');
  return targetsOf(currentHost())[0];
}

export const addonFile = (name) => `lazy-layers-cache.${name}.node`;
