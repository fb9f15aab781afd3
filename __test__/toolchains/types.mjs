// TypeScript, under each way of resolving modules.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../scripts/parts/project.mjs';
import { MODES, OLD, configOf } from '../package/compiling.mjs';
import { isThere, succeeds, tool, versionOf } from './project.mjs';

const CONSUMER = readFileSync(fileURLToPath(new URL('../package/consumers/consumer.ts', import.meta.url)), 'utf8');

const COMPILERS = [
  {
    path: () => tool('typescript-5'),
    version: () => versionOf('typescript-5'),
    only: isThere('typescript-5'),
    more: {},
  },
  {
    path: () => join(ROOT, 'node_modules', 'typescript'),
    version: () => JSON.parse(readFileSync(join(ROOT, 'node_modules', 'typescript', 'package.json'), 'utf8')).version,
    more: OLD,
  },
];

export const TYPES = COMPILERS.flatMap(({ path, version, only, more }) =>
  Object.entries(MODES).map(([name, [settings, files]]) => ({
    tool: 'TypeScript',
    version,
    only,
    needs: 'nothing',
    what: `\`moduleResolution: ${name}\`: all entry points, a default import; declarations checked`,
    async run(at) {
      const config = configOf({ ...settings, ...(name === 'node10' ? more : {}) }, files);
      const folder = at.project({ 'tsconfig.json': config });
      at.write(folder, Object.fromEntries(files.map((file) => [file, CONSUMER])));
      await succeeds(process.execPath, [join(path(), 'bin', 'tsc')], { cwd: folder });
    },
  })),
);
