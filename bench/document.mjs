/**
 * `npm run bench:document -- results.json …`: writes the results of a run of `npm run bench` into docs/benchmarks.md,
 * with a chart for each row in docs/benchmarks/. A run may have been made in parts, of some scenarios each. Rows that
 * were measured again take the place of those before.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { barChart } from './harness/chart.mjs';
import { formatNumber } from './harness/report.mjs';
import { scenarios } from './scenarios/index.mjs';

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const OURS = ['ours', 'ours-redis'];
const FLOORS = ['lru-cache', 'ioredis-msgpackr'];

const fileOf = (id) => `${id.replaceAll('/', '-')}.svg`;

/** The place of this package in words: the packages that are faster, if any. */
function standing(results) {
  const measured = results.filter(({ status }) => status === 'ok').sort((a, b) => a.median - b.median);
  const ours = measured.find(({ adapter }) => OURS.includes(adapter));
  if (ours === undefined || measured.every(({ adapter }) => adapter.startsWith('ours'))) return '';
  const ahead = measured.slice(0, measured.indexOf(ours)).filter(({ adapter }) => !adapter.startsWith('ours'));
  if (ahead.length === 0) return 'Ours takes the least.';
  const names = ahead.map(({ adapter, ratioToOurs }) => `${adapter} (${ratioToOurs.toFixed(2)} ×)`);
  return `Less than ours take ${names.join(', ')}.`;
}

/** A row as a section. */
function section({ id, title, unit, results, laterRun }) {
  const measured = results.filter(({ status }) => status === 'ok').sort((a, b) => a.median - b.median);
  const others = results.filter(({ status }) => status !== 'ok').map(({ adapter }) => adapter);
  const lines = measured.map(({ adapter, median, min, max, ratioToOurs }) =>
    [adapter, formatNumber(median), `${formatNumber(min)} – ${formatNumber(max)}`, ratioToOurs?.toFixed(2) ?? ''].join(
      ' | ',
    ),
  );
  return [
    `### ${title[0].toUpperCase()}${title.slice(1)}`,
    `![${title}, ${unit}](benchmarks/${fileOf(id)})`,
    [standing(results), laterRun === undefined ? '' : `Of a later run, ${laterRun}.`]
      .filter((part) => part !== '')
      .join(' '),
    [`| | ${unit}, median | rounds | × ours |`, '|---|---|---|---|', ...lines.map((line) => `| ${line} |`)].join('\n'),
    others.length === 0 ? '' : `Not measured, for want of the operation: ${others.join(', ')}.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function head(runs) {
  const { machine, settings, startedAt } = runs[0];
  const versions = Object.assign({}, ...runs.map((run) => run.versions));
  const gigabytes = Math.round(machine.memoryBytes / 2 ** 30);
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# Benchmarks',
    'Made by `npm run bench` and `npm run bench:document`: do not edit.',
    `Every cache on every row in a process of its own, ${settings.rounds} rounds in turn, each after a warm-up and a check that what it returns is right. Medians of the rounds; a ratio is the median of the ratios of the rounds, since the machine was not always equally fast. Less is better everywhere. Keys are made outside of what is timed, but where "freshly built" says otherwise. \`lru-cache\` is the floor: an asynchronous function over it, with nothing of what a cache of several layers does.`,
    `Node.js ${machine.node}, ${machine.cores} cores (${machine.cpu}), ${gigabytes} GB, ${startedAt.slice(0, 10)}. ${peers.join(', ')}.`,
  ].join('\n\n');
}

const dayOf = ({ startedAt }) => startedAt.slice(0, 10);

/** The rows of all runs, each as it was measured last, in the order of the scenarios. */
function newestRows(runs) {
  const rows = runs.flatMap((run) => {
    const laterRun = dayOf(run) === dayOf(runs[0]) ? undefined : dayOf(run);
    return run.rows.map((row) => ({ ...row, laterRun }));
  });
  const ids = scenarios.flatMap((scenario) => scenario.rows.map(({ id }) => id));
  return ids.flatMap((id) => rows.findLast((row) => row.id === id) ?? []);
}

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error(
    'usage: npm run bench:document -- <results.json of npm run bench -- --out …> [results of some rows measured anew …]',
  );
  process.exit(1);
}
const runs = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')));
const rows = newestRows(runs);
rmSync(`${DOCS}benchmarks`, { recursive: true, force: true });
mkdirSync(`${DOCS}benchmarks`);
for (const { id, title, unit, results } of rows) {
  const bars = results
    .filter(({ status }) => status === 'ok')
    .map(({ adapter, median }) => ({
      name: adapter,
      value: median,
      isOurs: OURS.includes(adapter),
      isFloor: FLOORS.includes(adapter),
    }));
  writeFileSync(`${DOCS}benchmarks/${fileOf(id)}`, barChart({ title: `${title} [${unit}]`, bars }));
}
writeFileSync(`${DOCS}benchmarks.md`, `${[head(runs), ...rows.map(section)].join('\n\n')}\n`);
console.log(`written to docs/benchmarks.md and docs/benchmarks/: ${rows.length} rows`);
