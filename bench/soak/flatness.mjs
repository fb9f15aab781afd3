import { readdirSync } from 'node:fs';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from '../harness/statistics.mjs';

const MIB = 1024 * 1024;

/**
 * The quantities that must stay flat, and how much each may grow between the first samples and the last: the larger of
 * a share of the first and an absolute allowance. The reserves of the allocators vary by some megabytes.
 */
export const LIMITS = {
  rssBytes: { share: 0.08, allowance: 8 * MIB },
  heapBytes: { share: 0.05, allowance: 2 * MIB },
  externalBytes: { share: 0.05, allowance: 1 * MIB },
  resources: { share: 0, allowance: 0 },
  files: { share: 0, allowance: 0 },
  threads: { share: 0, allowance: 0 },
};

function collectGarbage() {
  if (globalThis.gc === undefined) {
    setFlagsFromString('--expose-gc');
    globalThis.gc = runInNewContext('gc');
  }
  globalThis.gc();
  globalThis.gc();
}

const countEntries = (folder) => {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
};

/** One sample of the process, taken at rest: after late timers and loads, and after a collection. */
export async function takeSample() {
  await wait(20);
  await turn();
  collectGarbage();
  await turn();
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    resources: process.getActiveResourcesInfo().length,
    files: countEntries('/proc/self/fd'),
    threads: countEntries('/proc/self/task'),
  };
}

/**
 * Compares the median of the first third of the samples with that of the last third.
 * Returns one line for each quantity that grew beyond its limit; none when all is flat.
 */
export function findGrowth(samples, limits = LIMITS) {
  const third = Math.max(1, Math.floor(samples.length / 3));
  return Object.entries(limits).flatMap(([quantity, { share, allowance }]) => {
    const first = median(samples.slice(0, third).map((sample) => sample[quantity]));
    const last = median(samples.slice(-third).map((sample) => sample[quantity]));
    const allowed = Math.max(first * share, allowance);
    return last - first > allowed
      ? [`${quantity} grew from ${Math.round(first)} to ${Math.round(last)}; ${Math.round(allowed)} more is allowed`]
      : [];
  });
}
