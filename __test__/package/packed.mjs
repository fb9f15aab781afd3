// The package and that of this platform, packed as they are published.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, addonFile, hostTargetName } from '../../scripts/parts/project.mjs';
import { capture } from '../../scripts/parts/run.mjs';

/** What packing needs. It is done in a copy: npm changes package.json meanwhile, and other tests read it. */
const SOURCES = ['package.json', 'LICENSE', 'README.md', 'CHANGELOG.md', 'entry', 'lib', 'types', 'npm', 'scripts'];
const ENTRIES = ['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', addonFile(hostTargetName())];
/** Whose build becomes a part of the package. */
const BUILT_IN = join('node_modules', 'msgpackr');

/** Copies the sources into `sources` and packs them into `out`. */
export function packCopy(sources, out) {
  for (const path of [...SOURCES, ...ENTRIES, BUILT_IN]) {
    cpSync(join(ROOT, path), join(sources, path), { recursive: true });
  }
  capture(process.execPath, [join(sources, 'scripts', 'pack.mjs'), '--out', out]);
}
