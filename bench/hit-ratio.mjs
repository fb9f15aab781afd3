/**
 * `npm run bench:hit-ratio`: the share of requests that each policy answers, beside other caches, on generated traces;
 * with `--traces FOLDER` on those in its files NAME.u32 or NAME.u32.gz too. `--out FOLDER` writes hit-ratio.md and its
 * charts there, `--sources FILE` adds the text of a file about the traces.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { install } from '../scripts/install.mjs';

/** Entries of a cache, as shares of the keys of a trace. */
const SHARES = [0.003, 0.01, 0.03, 0.1, 0.3];
/** Fewer entries tell nothing. */
const LEAST = 100;

const HERE = fileURLToPath(new URL('.', import.meta.url));

const { values: options } = parseArgs({
  options: { traces: { type: 'string' }, out: { type: 'string' }, sources: { type: 'string' } },
});

await install(HERE, ['--ignore-scripts']);
const { CACHES, hitRatio } = await import('./hit-ratio/caches.mjs');
const { documentOf } = await import('./hit-ratio/document.mjs');
const { generatedTraces, tracesIn } = await import('./hit-ratio/traces.mjs');

const sizesOf = (distinct) => [...new Set(SHARES.map((share) => Math.max(LEAST, Math.round(distinct * share))))];

async function measured({ name, about, keys }) {
  const distinct = new Set(keys).size;
  const rows = [];
  for (const entries of sizesOf(distinct)) {
    const ratios = {};
    for (const [cache, create] of Object.entries(CACHES)) ratios[cache] = await hitRatio(create, entries, keys);
    rows.push({ entries, ratios });
    const told = Object.entries(ratios).map(([cache, ratio]) => `${cache} ${ratio.toFixed(1)}`);
    console.log(`${name}, ${entries.toLocaleString('en')} entries: ${told.join(' · ')}`);
  }
  return { name, about, requests: keys.length, distinct, rows };
}

const { dependencies } = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'));
const versions = ['lru-cache', '@neophi/sieve-cache', 'transitory'].map((name) => `${name} ${dependencies[name]}`);
const traces = [];
for (const trace of [...(options.traces === undefined ? [] : tracesIn(options.traces)), ...generatedTraces()]) {
  traces.push(await measured(trace));
}
if (options.out !== undefined) {
  const sources = options.sources === undefined ? undefined : readFileSync(options.sources, 'utf8').trim();
  const { page, charts } = documentOf(traces, { node: process.version, versions: versions.join(', '), sources });
  const folder = join(options.out, 'hit-ratio');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(options.out, 'hit-ratio.md'), page);
  for (const [file, chart] of Object.entries(charts)) writeFileSync(join(folder, file), chart);
  console.log(`written: ${join(options.out, 'hit-ratio.md')} and ${Object.keys(charts).length} charts`);
}
