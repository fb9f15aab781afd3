/**
 * `npm run bench:freshness`: a Zipf load with lives of a second, in four processes over one Redis, with and without
 * `refreshAhead`, and with and without `ttlJitter`: how often the source is asked, in which bursts, and how long
 * callers wait. `--out docs` writes the table into freshness.md, and its charts. `--quick` for a first look.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { redisServer } from '../__test__/support/servers/redis.mjs';
import { barChart } from './harness/chart.mjs';
import { quantile } from './harness/statistics.mjs';

const CALLER = fileURLToPath(new URL('./freshness/caller.mjs', import.meta.url));
const PROCESSES = 4;
const { values: flags } = parseArgs({ options: { out: { type: 'string' }, quick: { type: 'boolean' } } });

const LOAD = {
  keys: 300,
  perSecond: 200,
  loadMs: 20,
  connections: 4,
  warmUpMs: flags.quick ? 1000 : 3000,
  measureMs: flags.quick ? 2000 : 15_000,
};
const BURST_MS = 50;

const lives = { ttlMs: 1000 };
const jitter = { ttlJitter: 0.2, ttlJitterL2: 0.2 };
const CACHES = {
  neither: lives,
  'ttlJitter 0.2': { ...lives, ...jitter },
  'refreshAhead 0.7': { ...lives, refreshAhead: 0.7 },
  both: { ...lives, ...jitter, refreshAhead: 0.7 },
  'both, distributedLock': { ...lives, ...jitter, refreshAhead: 0.7, distributedLock: { enabled: true } },
  'xfetch 1': { ...lives, xfetch: 1 },
  'softMs 0': { ...lives, failSafe: { enabled: true, staleTtlMs: 60_000 }, timeouts: { softMs: 0 } },
};

/** The most loads that began within some 50 ms. */
function longestBurst(loads) {
  const sorted = loads.sort((a, b) => a - b);
  let [from, most] = [0, 0];
  for (let to = 0; to < sorted.length; to++) {
    while (sorted[to] - sorted[from] > BURST_MS) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

async function measured(name, options, redisPort) {
  const prefix = `freshness-${name.replaceAll(/\W/g, '')}`;
  const children = Array.from({ length: PROCESSES }, () =>
    fork(CALLER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } }),
  );
  try {
    const said = async (child) => (await once(child, 'message'))[0];
    const ready = children.map(said);
    for (const child of children) child.send({ redisPort, prefix, options, load: LOAD });
    await Promise.all(ready);
    const outcomes = children.map(said);
    for (const child of children) child.send('go');
    const all = await Promise.all(outcomes);
    const latencies = all.flatMap((outcome) => outcome.latencies);
    const ages = all.flatMap((outcome) => outcome.ages);
    const loads = all.flatMap((outcome) => outcome.loads);
    return {
      name,
      calls: latencies.length,
      loadsPerSecond: loads.length / (LOAD.measureMs / 1000),
      burst: longestBurst(loads),
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      p999: quantile(latencies, 0.999),
      age: quantile(ages, 0.99),
    };
  } finally {
    for (const child of children) child.kill();
  }
}

const ms = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

function tableOf(rows) {
  const head =
    '| | loads a second | most in 50 ms | p50 | p99 | p99.9 | age of values, p99 |\n|---|---:|---:|---:|---:|---:|---:|';
  const lines = rows.map(
    (row) =>
      `| ${row.name} | ${row.loadsPerSecond.toFixed(0)} | ${row.burst} | ${ms(row.p50)} ms | ${ms(row.p99)} ms | ${ms(row.p999)} ms | ${ms(row.age)} ms |`,
  );
  return [head, ...lines].join('\n');
}

function write(folder, rows) {
  const file = join(folder, 'freshness.md');
  const page = readFileSync(file, 'utf8');
  const about = `Node.js ${process.versions.node}, ${availableParallelism()} processors, ${rows[0].calls.toLocaleString('en')} calls each.`;
  const measuredPart = `<!-- measured -->\n\n${about}\n\n${tableOf(rows)}\n\n<!-- end of measured -->`;
  writeFileSync(
    file,
    page.replace(/<!-- measured -->[\s\S]*<!-- end of measured -->/, () => measuredPart),
  );
  mkdirSync(join(folder, 'freshness'), { recursive: true });
  const chart = (title, value) =>
    barChart({ title, bars: rows.map((row) => ({ name: row.name, value: row[value], isOurs: row.name === 'both' })) });
  writeFileSync(join(folder, 'freshness', 'p999.svg'), chart('p99.9 of callers, in ms', 'p999'));
  writeFileSync(join(folder, 'freshness', 'loads.svg'), chart('loads a second, four processes', 'loadsPerSecond'));
  writeFileSync(join(folder, 'freshness', 'burst.svg'), chart('most loads that began within 50 ms', 'burst'));
}

const server = await redisServer(undefined);
const rows = [];
try {
  for (const [name, options] of Object.entries(CACHES)) {
    rows.push(await measured(name, options, server.port));
    console.log(JSON.stringify(rows.at(-1)));
  }
} finally {
  await server.kill();
}
if (flags.out !== undefined) write(flags.out, rows);
else console.log(tableOf(rows));
