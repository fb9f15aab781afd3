import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { median, quantile } from '../harness/statistics.mjs';

const OURS = new URL('../../index.mjs', import.meta.url).href;
const CODE = 'const began = performance.now(); await import(process.argv[1]); console.log(performance.now() - began);';
const run = promisify(execFile);
const resolve = createRequire(import.meta.url).resolve;

/** How long the import of a package takes in a new process. */
async function measure({ packages, processes }, { minBatches }) {
  const from = packages.length === 0 ? OURS : pathToFileURL(resolve(packages[0])).href;
  const samples = [];
  while (samples.length < Math.min(processes, minBatches)) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', CODE, from]);
    samples.push(Number(stdout));
  }
  assert.ok(samples.every(Number.isFinite));
  const [p10, p90] = [quantile(samples, 0.1), quantile(samples, 0.9)];
  return { value: median(samples), p10, p90, samples: samples.length, operations: samples.length };
}

export default {
  name: 'import',
  unit: 'ms',
  needs: [],
  rows: [{ id: 'import', title: 'import of the package in a new process', params: { processes: 9 }, quick: true }],
  measure,
};
