// A TypeScript project that uses the package: the settings of its compiler, for each way to resolve modules.
import { join } from 'node:path';
import { ROOT } from '../../scripts/parts/project.mjs';

const COMMON = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  target: 'es2022',
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules', '@types')],
};

/** By the way to resolve: the settings, and the files that are compiled. */
export const MODES = {
  node10: [{ module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true }, ['consumer.ts']],
  node16: [{ module: 'node16', moduleResolution: 'node16' }, ['consumer.mts', 'consumer.cts']],
  nodenext: [{ module: 'nodenext', moduleResolution: 'nodenext' }, ['consumer.mts', 'consumer.cts']],
  bundler: [{ module: 'esnext', moduleResolution: 'bundler' }, ['consumer.ts']],
};

/** The message of the compiler of the package about `node10`, which it gives up. */
export const OLD = { ignoreDeprecations: '6.0' };

/** The text of a `tsconfig.json`. */
export const configOf = (settings, files) => JSON.stringify({ compilerOptions: { ...COMMON, ...settings }, files });
