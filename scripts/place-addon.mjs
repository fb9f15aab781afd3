// Puts the addon, the doors for bundlers and the licence into the package of a platform, which is the current folder.
// npm runs it before packing.
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT, isMain, readManifest } from './parts/project.mjs';

/** Next.js serves assets by addresses of its own. */
const ASSET = 'the addon became an asset: make lazy-layers-cache external (Next.js: serverExternalPackages)';

const ABSENT = 'This is a bundle, which does not hold the addon: install lazy-layers-cache where it runs';

/**
 * The addon for bundlers that look for it there: see docs/decisions/bundlers.md.
 * @param {{ name: string, main: string }} manifest
 */
export function doors({ name, main }) {
  return {
    'webpack.mjs': `// webpack copies the file that is named so, and writes where it will be.
import { fileURLToPath } from 'node:url';

const file = new URL('${main}', import.meta.url);
if (file.protocol !== 'file:') {
  throw new Error('${ASSET}');
}
const addon = { exports: {} };
process.dlopen(addon, fileURLToPath(file));

export default addon.exports;
`,
    'outside.mjs': `// For bundlers without the condition "node": the addon stays outside, found where the bundle runs.
import { createRequire } from 'node:module';

let addon;
try {
  addon = createRequire(import.meta.url)('${name}');
} catch (cause) {
  throw new Error('${ABSENT}', { cause });
}

export default addon;
`,
  };
}

function place(folder) {
  const manifest = readManifest(folder);
  const file = basename(manifest.main ?? '');
  if (!file.endsWith('.node')) {
    console.error(`${folder} is not the package of a platform: run this in one of the folders of npm/.`);
    process.exitCode = 1;
    return;
  }
  if (!existsSync(join(ROOT, file))) {
    console.error(`${file} is not in the root of the project: build it first, by npm run build on that platform.`);
    process.exitCode = 1;
    return;
  }
  copyFileSync(join(ROOT, file), join(folder, file));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  for (const [name, text] of Object.entries(doors(manifest))) writeFileSync(join(folder, name), text);
}

if (isMain(import.meta.url)) place(process.cwd());
