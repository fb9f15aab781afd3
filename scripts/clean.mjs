// Removes installed and built files, so that the next command makes them again. Cargo keeps its own record.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_STAMP } from './install.mjs';
import { ROOT } from './parts/project.mjs';

const isBuilt = (name) => name.startsWith('.build-stamp') || /^lazy-layers-cache\..+\.node$/.test(name);

rmSync(INSTALL_STAMP, { force: true });
for (const name of readdirSync(ROOT).filter(isBuilt)) rmSync(join(ROOT, name));
console.log('clean: npm packages and the addon will be made anew');
