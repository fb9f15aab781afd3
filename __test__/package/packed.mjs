// The package and that of this platform, packed as they are published.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, addonFile, hostTargetName } from '../../scripts/parts/project.mjs';
import { capture } from '../../scripts/parts/run.mjs';

/** The files that packing needs. It is done in a copy: npm changes package.json meanwhile, and other tests read it. */
const PAPERS = ['LICENSE', 'README.md', 'CHANGELOG.md', 'docs'];
const SOURCES = [...PAPERS, 'package.json', 'entry', 'lib', 'types', 'npm', 'scripts'];
const ENTRIES = ['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', addonFile(hostTargetName())];
/** A part of the package, and the tool that makes its files short, with its own parts. */
const MODULES = ['msgpackr', 'terser', '@jridgewell', 'acorn'].map((name) => join('node_modules', name));

/** Copies the sources into `sources` and packs them into `out`. */
export function packCopy(sources, out) {
  for (const path of [...SOURCES, ...ENTRIES, ...MODULES]) {
    cpSync(join(ROOT, path), join(sources, path), { recursive: true });
  }
  capture(process.execPath, [join(sources, 'scripts', 'pack.mjs'), '--out', out]);
}
