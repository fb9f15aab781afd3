import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';

/** The names of the folders in a folder; links are not followed, hidden ones are tools' own. */
async function foldersIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
}

/**
 * The packages installed in a `node_modules` folder, those inside other packages too.
 * Resolves to their folders, relative to it and in order: the keys of the demo.
 */
export async function findPackages(root, below = '') {
  const found = [];
  for (const name of await foldersIn(join(root, below))) {
    const scoped = name.startsWith('@') ? await foldersIn(join(root, below, name)) : [''];
    for (const inScope of scoped) {
      const path = posix.join(below, name, inScope);
      found.push(path, ...(await findPackages(root, posix.join(path, 'node_modules'))));
    }
  }
  return found.sort();
}

async function* filesOf(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile()) yield path;
    else if (entry.isDirectory() && entry.name !== 'node_modules') yield* filesOf(path);
  }
}

/**
 * The slow work of the service: reads each file of a package and resolves to
 * `{ name, files, bytes, largest: { path, bytes }, sha256 }`. Stops early when `signal` aborts.
 */
export async function measurePackage(root, name, signal) {
  const folder = join(root, name);
  const hash = createHash('sha256');
  const report = { name, files: 0, bytes: 0, largest: { path: '', bytes: -1 }, sha256: '' };
  for await (const path of filesOf(folder)) {
    signal?.throwIfAborted();
    const content = await readFile(path);
    hash.update(relative(folder, path)).update(content);
    report.files += 1;
    report.bytes += content.length;
    if (content.length > report.largest.bytes) report.largest = { path: relative(folder, path), bytes: content.length };
  }
  return { ...report, sha256: hash.digest('hex') };
}
