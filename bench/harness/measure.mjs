import { performance } from 'node:perf_hooks';
import { processCpuNs, threadCpuNs } from './clocks.mjs';
import { median, quantile } from './statistics.mjs';

/** How long a process warms up and measures, in milliseconds. */
export const BUDGETS = {
  full: { warmUpMs: 300, measureMs: 600, minBatches: 9 },
  quick: { warmUpMs: 20, measureMs: 40, minBatches: 3 },
};

/** Runs `batch` until the time is over, and at least `minBatches` times; one sample for each. */
async function repeat(batch, durationMs, minBatches) {
  const samples = [];
  const end = performance.now() + durationMs;
  while (samples.length < minBatches || performance.now() < end) samples.push(await batch());
  return samples;
}

async function warmUp(batch, budget) {
  await repeat(batch, budget.warmUpMs, 1);
  globalThis.gc?.();
}

/**
 * Measures wall time. `batch` performs a number of operations, one after the other, and resolves to that number;
 * `prepare` runs before each batch, outside the measurement.
 * The value is nanoseconds per operation: the median of the batches.
 */
export async function measureWallTime(batch, budget, prepare = () => {}) {
  const spent = { operations: 0, processNs: 0, threadNs: 0 };
  const timed = async () => {
    prepare();
    const threadBefore = threadCpuNs();
    const cpuBefore = processCpuNs();
    const started = performance.now();
    const done = await batch();
    const elapsedMs = performance.now() - started;
    spent.operations += done;
    spent.processNs += processCpuNs() - cpuBefore;
    spent.threadNs += threadCpuNs() - threadBefore;
    return (elapsedMs * 1e6) / done;
  };
  await warmUp(timed, budget);
  Object.assign(spent, { operations: 0, processNs: 0, threadNs: 0 });
  const samples = await repeat(timed, budget.measureMs, budget.minBatches);
  return {
    value: median(samples),
    p10: quantile(samples, 0.1),
    p90: quantile(samples, 0.9),
    samples: samples.length,
    operations: spent.operations,
    processCpuNs: spent.processNs / spent.operations,
    threadCpuNs: spent.threadNs / spent.operations,
  };
}

/**
 * Measures CPU time of the whole process, so that work moved to another thread still counts. `prepare` runs outside the
 * measurement and returns the function to measure; `check` then checks the result of that function. The value is
 * milliseconds per run: the median of the runs.
 */
export async function measureCpuTime({ prepare, check }, budget) {
  const batch = async () => {
    const run = prepare();
    const threadBefore = threadCpuNs();
    const cpuBefore = processCpuNs();
    const outcome = await run();
    const cpuMs = (processCpuNs() - cpuBefore) / 1e6;
    const threadMs = (threadCpuNs() - threadBefore) / 1e6;
    check(outcome);
    return { cpuMs, threadMs };
  };
  await warmUp(batch, budget);
  const samples = await repeat(batch, budget.measureMs, budget.minBatches);
  const cpu = samples.map((sample) => sample.cpuMs);
  const thread = samples.map((sample) => sample.threadMs);
  return {
    value: median(cpu),
    p10: quantile(cpu, 0.1),
    p90: quantile(cpu, 0.9),
    samples: samples.length,
    operations: samples.length,
    threadCpuMs: median(thread),
  };
}
