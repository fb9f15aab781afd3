/**
 * Random calls of the public API beside a model of it.
 *
 *     npm run model -- --seconds 600 --seed 1                  all configurations, also in threads and under stress
 *     npm run model -- --world "custom l2" --seed 17 --steps 250  one seed, five times: timers make a difference
 *
 * `--world` all (default), memory, redis, or one; `--in` here, threads, stress (default: all three, in turns);
 * `--strict` also runs known faults; `--out` writes the results as JSON.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { endServers, runBatch, STEPS, worldsOf } from './batch.mjs';
import { inThreads, underStress } from './elsewhere.mjs';
import { merge, printFinding, printTable } from './report.mjs';

const OPTIONS = {
  seconds: { type: 'string' },
  seed: { type: 'string', default: '1' },
  steps: { type: 'string', default: String(STEPS) },
  world: { type: 'string', default: 'all' },
  in: { type: 'string', default: 'all' },
  out: { type: 'string' },
  strict: { type: 'boolean', default: false },
};
/** How long one turn of a place is. */
const TURN_MS = 20_000;

/** @type {Record<string, (how: any) => Promise<object[]>>} */
const PLACES = {
  here: ({ forMs, ...how }) => runBatch({ ...how, until: performance.now() + forMs }),
  threads: (how) => inThreads(2, how),
  stress: underStress,
};

async function inTurns(places, how, seconds) {
  const end = performance.now() + seconds * 1000;
  const rows = [];
  let { seed } = how;
  for (let turn = 0; performance.now() < end; turn += 1) {
    const place = places[turn % places.length];
    const forMs = Math.min(TURN_MS, end - performance.now());
    const found = await PLACES[place]({ ...how, seed, forMs, onFound: (finding) => how.onFound(finding, place) });
    rows.push(...found);
    seed += Math.max(1, ...found.map(({ runs }) => runs));
  }
  return rows;
}

function placesOf(name) {
  if (name === 'all') return ['here', 'here', 'threads', 'stress'];
  if (name in PLACES) return [name];
  throw new Error(`--in must be all or one of ${Object.keys(PLACES).join(', ')}; got ${name}`);
}

async function main() {
  const { values } = parseArgs({ options: OPTIONS });
  const { strict } = values;
  const worlds = worldsOf(values.world);
  const findings = [];
  const onFound = (found, place) => {
    findings.push({ ...found, place });
    printFinding(found, place ? ` (${place})` : '');
  };
  const how = { worlds, seed: Number(values.seed), steps: Number(values.steps), strict, onFound };
  const times = values.world === 'all' ? 1 : 5;
  const once = async () => {
    const batches = [];
    for (let time = 0; time < times; time += 1) batches.push(...(await runBatch({ ...how, seeds: 1 })));
    return batches;
  };
  const rows = merge(
    values.seconds === undefined ? await once() : await inTurns(placesOf(values.in), how, Number(values.seconds)),
  );
  await endServers();
  console.log();
  printTable(rows);
  if (values.out) writeFileSync(values.out, JSON.stringify({ rows, findings }, undefined, 2));
  process.exitCode = findings.length > 0 ? 1 : 0;
}

await main();
