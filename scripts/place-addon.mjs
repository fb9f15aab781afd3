// Puts the addon and the licence into the package of a platform, which is the current folder. npm runs it before
// packing.
import { copyFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT, readManifest } from './parts/project.mjs';

const folder = process.cwd();
const file = basename(readManifest(folder).main);

if (existsSync(join(ROOT, file))) {
  copyFileSync(join(ROOT, file), join(folder, file));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
} else {
  console.error(`${file} is not in the root of the project: build it first, by npm run build on that platform.`);
  process.exitCode = 1;
}
