import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
export const TYPES = fileURLToPath(new URL('..', import.meta.url));

/** Runs the compiler in this folder. Resolves to its output: nothing when all is well. */
export function tsc(...args) {
  const child = spawn(process.execPath, [compiler, '--pretty', 'false', ...args], { cwd: TYPES });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? output : `${output}tsc ended with ${code}`));
  });
}
