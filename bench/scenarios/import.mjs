import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { stage } from '../../scripts/pack.mjs';
import { ROOT, addonFile, hostTargetName } from '../../scripts/parts/project.mjs';
import { median, quantile } from '../harness/statistics.mjs';

const PROGRAM = fileURLToPath(new URL('../harness/import-child.mjs', import.meta.url));
const run = promisify(execFile);
const resolve = createRequire(import.meta.url).resolve;

/** Our own package as it is published and installed, with the addon of this machine in a package of its own. */
function ours() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-import-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const [target, installed] = [hostTargetName(), join(folder, 'node_modules')];
  const [main, addon] = ['lazy-layers-cache', `lazy-layers-cache-${target}`].map((name) => join(installed, name));
  stage(main);
  cpSync(join(ROOT, 'npm', target), addon, { recursive: true });
  cpSync(join(ROOT, addonFile(target)), join(addon, addonFile(target)));
  return join(main, 'index.mjs');
}

/** How long the import of a package takes in a new process. */
async function measure({ packages, processes }, { minBatches }) {
  const from = pathToFileURL(packages.length === 0 ? ours() : resolve(packages[0])).href;
  const samples = [];
  while (samples.length < Math.min(processes, minBatches)) {
    const { stdout } = await run(process.execPath, [PROGRAM, from]);
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
