import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkConformance, missingOperation } from '../bench/harness/conformance.mjs';
import { formatRow, summariseRow } from '../bench/harness/report.mjs';
import { pairedRatio } from '../bench/harness/statistics.mjs';
import l1Hit from '../bench/scenarios/l1-hit.mjs';
import setEvict from '../bench/scenarios/set-evict.mjs';
import stampede from '../bench/scenarios/stampede.mjs';

const RUNNER = fileURLToPath(new URL('../bench/run.mjs', import.meta.url));
const BUDGET = { warmUpMs: 0, measureMs: 0, minBatches: 1 };

/** In their order. */
const SCENARIOS = [
  'l1-hit',
  'getorset-hit',
  'wrapped-hit',
  'has',
  'near-expiry',
  'negative-hit',
  'watched-hits',
  'set-overwrite',
  'set-evict',
  'cold-getorset',
  'burst-cold',
  'stampede',
  'many-hits',
  'many-gets',
  'many-load',
  'zipf',
  'memory',
  'pattern-delete',
  'tagged',
  'tag-delete',
  'import',
  'redis-hit',
  'redis-miss',
  'redis-many',
  'redis-listing',
  'redis-herd',
  'redis-paused',
];

function runBench(args) {
  const child = spawn(process.execPath, [RUNNER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** A right cache over a Map without a bound; a test breaks the one operation it is about. */
function mapCache(broken = {}) {
  const entries = new Map();
  return {
    get: async (key) => entries.get(key),
    set: async (key, value) => void entries.set(key, value),
    getOrSet: async (key, load) => {
      if (!entries.has(key)) entries.set(key, load());
      return entries.get(key);
    },
    ...broken,
  };
}

test('a quick bench run measures every row of this package with right values and writes them as JSON', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  t.after(() => rm(folder, { recursive: true }));
  const out = join(folder, 'results.json');
  const { code, output } = await runBench([
    '--quick',
    '--no-install',
    '--adapter',
    'ours,ours-tab,lru-cache,ours-redis',
    '--out',
    out,
  ]);
  assert.equal(code, 0, output);
  const { rows, settings } = JSON.parse(await readFile(out, 'utf8'));
  assert.deepEqual(settings, { quick: true, rounds: 1, nodeEnv: 'production' });
  const scenarios = new Set(rows.map(({ id }) => id.split('/')[0]));
  assert.deepEqual([...scenarios], SCENARIOS);
  for (const { id, results } of rows) {
    const ours = results.find(({ adapter }) => adapter === 'ours' || adapter === 'ours-redis');
    assert.equal(ours.status, 'ok', id);
    assert.ok(ours.median > 0, id);
  }
  const loads = rows.find(({ id }) => id.startsWith('stampede')).results[0].outcomes[0].loaderCalls;
  assert.equal(loads, 1, 'a stampede must call the loader once');
});

test('the bench names a scenario, adapter or number of rounds it does not know', async () => {
  for (const [args, message] of [
    [['--scenario', 'nothing'], /no scenario or row "nothing"; there are l1-hit/],
    [['--adapter', 'nothing'], /no adapter "nothing"; there are ours/],
    [['--rounds', '0'], /--rounds must be a positive integer, got 0/],
  ]) {
    const { code, output } = await runBench(args);
    assert.equal(code, 1);
    assert.match(output, message);
  }
});

test('an adapter that returns a wrong value is refused before anything is timed', async () => {
  await checkConformance(() => mapCache());
  const wrong = mapCache({ get: async () => ({ id: 1 }) });
  await assert.rejects(
    checkConformance(() => wrong),
    /never written must be absent/,
  );
  const repeats = mapCache({ getOrSet: (key, load) => load() });
  await assert.rejects(
    checkConformance(() => repeats),
    /must share one load/,
  );
});

test('a value that goes wrong while it is timed fails the row', async () => {
  const shifted = mapCache({ get: async () => ({ id: 7 }) });
  await assert.rejects(l1Hit.measure({ create: () => shifted, liveKeys: 10, fresh: false }, BUDGET), /wrong value/);
  const unbounded = { create: () => mapCache(), traits: {}, capacity: 10, keyCount: 100 };
  await assert.rejects(setEvict.measure(unbounded, BUDGET), /30 entries are live in a cache of 10/);
  const repeats = mapCache({ getOrSet: (key, load) => load() });
  await assert.rejects(stampede.measure({ create: () => repeats, callers: 5 }, BUDGET), /must share one load/);
});

test('an adapter without an operation that a scenario needs is named, not faked', async () => {
  const readOnly = mapCache({ set: undefined });
  assert.equal(await missingOperation(() => readOnly, setEvict.needs), 'set');
  assert.equal(await missingOperation(() => mapCache(), setEvict.needs), undefined);
  const row = { title: 'a row', scenario: { unit: 'ns' } };
  const results = summariseRow(new Map([['some-cache', [{ status: 'n/a', reason: 'the package has no set' }]]]));
  assert.match(formatRow(row, results), /some-cache: n\/a \(the package has no set\)/);
});

test('a row whose time went to other processes says so', () => {
  const row = { title: 'a row', scenario: { unit: 'ns' } };
  const outcome = (threadCpuNs) => [{ status: 'ok', value: 300, p10: 290, p90: 310, threadCpuNs, processCpuNs: 300 }];
  assert.doesNotMatch(formatRow(row, summariseRow(new Map([['ours', outcome(300)]]))), /busy/);
  assert.match(formatRow(row, summariseRow(new Map([['ours', outcome(100)]]))), /busy: up to 3.0 × as much time/);
});

test('ratios compare rounds that ran side by side', () => {
  assert.equal(pairedRatio([10, 20, 400], [10, 20, 40]), 1);
  assert.equal(pairedRatio([10], []), undefined);
});
