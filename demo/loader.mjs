import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * The packages installed in a `node_modules` folder, those inside other packages too.
 * Resolves to their folders, relative to `root` and sorted: the keys of the demo.
 */
export async function findPackages(root) {
  const manifests = (await readdir(root, { recursive: true })).filter((path) => isManifest(path));
  return manifests.map((path) => path.slice(0, -'/package.json'.length).split(sep).join('/')).sort();
}

/** Only a manifest right below `node_modules` or a scope names a package; others are parts of one. */
function isManifest(path) {
  const parts = path.split(sep);
  if (parts.at(-1) !== 'package.json') return false;
  const inside = parts.slice(parts.lastIndexOf('node_modules') + 1, -1);
  return inside.length === (inside[0]?.startsWith('@') ? 2 : 1);
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
