// Stamps: short files that record the sources of a result, so that it is not made again.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

function* filesUnder(path) {
  if (!existsSync(path)) return;
  if (statSync(path).isFile()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path).sort()) yield* filesUnder(join(path, name));
}

/**
 * A digest of the names and contents of files and folders, and of further facts, the same on every system. The absence
 * of a file counts, too.
 */
export function digestOf(root, paths, facts = []) {
  const hash = createHash('sha256');
  const add = (part) => hash.update(`${part.length}:`).update(part);
  for (const fact of facts) add(String(fact));
  for (const path of paths) {
    for (const file of filesUnder(join(root, path))) {
      add(file.slice(root.length).split(sep).join('/'));
      add(readFileSync(file));
    }
  }
  return hash.digest('hex');
}

export const isStamped = (file, digest) => existsSync(file) && readFileSync(file, 'utf8').trim() === digest;

export const writeStamp = (file, digest) => writeFileSync(file, `${digest}\n`);
