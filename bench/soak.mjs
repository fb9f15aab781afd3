/**
 * Runs millions of mixed operations (reads, writes, loads that answer, fail, hang or find nothing, deletes, patterns,
 * evictions, expiries) on caches set up in every way, makes and closes caches all along, and fails when memory,
 * handles, files or threads grow.
 *
 *   node bench/soak.mjs [--ops 10000000] [--seed 1]
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { setImmediate as turn } from 'node:timers/promises';
import { setups } from './soak/caches.mjs';
import { findGrowth, takeSample } from './soak/flatness.mjs';
import { operate, randomFrom } from './soak/operations.mjs';

/**
 * V8 enlarges its young generation in steps of many megabytes whenever it sees fit. With a fixed one, growth is a leak.
 */
const FIXED_YOUNG_GENERATION = ['--min-semi-space-size=2', '--max-semi-space-size=2'];

const CHECKPOINTS = 20;
const WARM_UP_CHECKPOINTS = 5;
const AT_ONCE = 32;
const BURSTS_PER_CACHE = 200;

function readArguments() {
  const { values } = parseArgs({
    options: { ops: { type: 'string', default: '10000000' }, seed: { type: 'string', default: '1' } },
  });
  const [ops, seed] = [Number(values.ops), Number(values.seed)];
  if (!Number.isInteger(ops) || ops < 10_000)
    throw new Error(`--ops must be an integer of at least 10000, got ${values.ops}`);
  if (!Number.isInteger(seed)) throw new Error(`--seed must be an integer, got ${values.seed}`);
  return { ops, seed };
}

/** The caches of the run. Each `replaceNext` closes one and makes a new one: a cache must not outlive its `close`. */
function openCaches() {
  const names = Object.keys(setups);
  const caches = names.map((name) => setups[name]());
  let next = 0;
  return {
    at: (index) => caches[index % caches.length],
    count: caches.length,
    async replaceNext() {
      const index = next++ % caches.length;
      await caches[index].close?.();
      caches[index] = setups[names[index]]();
    },
    closeAll: () => Promise.all(caches.map((cache) => cache.close?.())),
  };
}

async function runOperations(caches, count, random) {
  let done = 0;
  for (let burst = 0; done < count; burst++) {
    const cache = caches.at(burst);
    const running = Array.from({ length: AT_ONCE }, () => operate(cache, random));
    await Promise.all(running);
    done += AT_ONCE;
    if (burst % 16 === 0) await turn();
    if (burst % BURSTS_PER_CACHE === BURSTS_PER_CACHE - 1) await caches.replaceNext();
  }
  return done;
}

const mebibytes = (bytes) => (bytes / 1024 / 1024).toFixed(1);

function formatSample(done, sample) {
  const memory = ['rssBytes', 'heapBytes', 'externalBytes'].map((name) => mebibytes(sample[name]).padStart(8)).join('');
  const counts = ['resources', 'files', 'threads'].map((name) => String(sample[name]).padStart(10)).join('');
  return `${done.toLocaleString('en').padStart(12)}${memory}${counts}`;
}

/** The same program again, with a young generation that does not change its size. */
function runWithFixedYoungGeneration() {
  const program = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const { status, error } = spawnSync(process.execPath, [...FIXED_YOUNG_GENERATION, ...program], { stdio: 'inherit' });
  if (error) throw error;
  process.exitCode = status ?? 1;
}

async function main() {
  const { ops, seed } = readArguments();
  const random = randomFrom(seed);
  const caches = openCaches();
  const samples = [];
  let done = 0;
  console.log('  operations  rss MB heap MB  ext. MB resources     files   threads');
  for (let checkpoint = 1; checkpoint <= CHECKPOINTS; checkpoint++) {
    done += await runOperations(caches, Math.floor((ops * checkpoint) / CHECKPOINTS) - done, random);
    const sample = await takeSample();
    console.log(formatSample(done, sample));
    if (checkpoint > WARM_UP_CHECKPOINTS) samples.push(sample);
  }
  await caches.closeAll();
  const growth = findGrowth(samples);
  for (const line of growth) console.error(`NOT FLAT: ${line}`);
  if (growth.length > 0) process.exitCode = 1;
  else
    console.log(`flat over ${done.toLocaleString('en')} operations on ${caches.count} kinds of caches (seed ${seed})`);
}

if (FIXED_YOUNG_GENERATION.every((flag) => process.execArgv.includes(flag))) await main();
else runWithFixedYoungGeneration();
