// Many runs, one after the other: seeds over configurations.
import { STRICT, TODAY } from './not-yet.mjs';
import { endServers, REDIS_WORLDS } from './redis-worlds.mjs';
import { runSeed } from './run.mjs';
import { MEMORY_WORLDS } from './worlds.mjs';

export const WORLDS = { ...MEMORY_WORLDS, ...REDIS_WORLDS };
export const STEPS = 250;

/** Configurations that a name stands for: `all`, `memory`, `redis`, or one. */
export function worldsOf(name) {
  const groups = { all: WORLDS, memory: MEMORY_WORLDS, redis: REDIS_WORLDS };
  if (name in WORLDS) return [name];
  if (!(name in groups)) {
    throw new Error(`--world must be all, memory, redis or one of ${Object.keys(WORLDS).join(', ')}; got ${name}`);
  }
  return Object.keys(groups[name]);
}

/**
 * Runs until the seeds or the time are used up.
 * @param {object} how
 * @param {string[]} how.worlds
 * @param {number} how.seed the first
 * @param {number} [how.seeds] how many of each configuration
 * @param {number} [how.until] a time of `performance.now()`
 * @param {number} [how.steps]
 * @param {boolean} [how.strict]
 * @param {number} [how.slack] milliseconds by which this process is slower than others
 * @param {(found: object) => void} [how.onFound]
 */
export async function runBatch({
  worlds,
  seed,
  seeds = Number.POSITIVE_INFINITY,
  until = Number.POSITIVE_INFINITY,
  steps = STEPS,
  strict = false,
  slack = 0,
  onFound = () => {},
}) {
  const extent = { ...(strict ? STRICT : TODAY) };
  extent.lateMs += slack;
  const rows = new Map(worlds.map((world) => [world, { world, runs: 0, calls: 0, failed: 0, known: {} }]));
  const isOver = () => performance.now() >= until;
  for (let at = seed; at < seed + seeds && !isOver(); at += 1) {
    for (const world of worlds) {
      if (isOver()) break;
      const { violations, known, calls } = await runSeed(WORLDS[world], { seed: at, steps, extent });
      const row = rows.get(world);
      row.runs += 1;
      row.calls += calls;
      for (const [reason, count] of Object.entries(known)) row.known[reason] = (row.known[reason] ?? 0) + count;
      if (violations.length === 0) continue;
      row.failed += 1;
      onFound({ world, seed: at, steps, strict, ...violations[0] });
    }
  }
  return [...rows.values()];
}

export { endServers };
