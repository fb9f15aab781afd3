// TypeScript, under each way of resolving modules.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../scripts/parts/project.mjs';
import { isThere, succeeds, tool, versionOf } from './project.mjs';

const CONSUMER = readFileSync(fileURLToPath(new URL('../package/consumers/consumer.ts', import.meta.url)), 'utf8');

const MODES = [
  ['node10', { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true }, ['consumer.ts']],
  ['node16', { module: 'node16', moduleResolution: 'node16' }, ['consumer.mts', 'consumer.cts']],
  ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }, ['consumer.mts', 'consumer.cts']],
  ['bundler', { module: 'esnext', moduleResolution: 'bundler' }, ['consumer.ts']],
];

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
    more: { ignoreDeprecations: '6.0' },
  },
];

export const TYPES = COMPILERS.flatMap(({ path, version, only, more }) =>
  MODES.map(([name, settings, files]) => ({
    tool: 'TypeScript',
    version,
    only,
    needs: 'nothing',
    what: `\`moduleResolution: ${name}\`: all entry points, a default import; declarations checked`,
    async run(at) {
      const compilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        target: 'es2022',
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules', '@types')],
        ...settings,
        ...(name === 'node10' ? more : {}),
      };
      const folder = at.project({ 'tsconfig.json': JSON.stringify({ compilerOptions, files }) });
      at.write(folder, Object.fromEntries(files.map((file) => [file, CONSUMER])));
      await succeeds(process.execPath, [join(path(), 'bin', 'tsc')], { cwd: folder });
    },
  })),
);
