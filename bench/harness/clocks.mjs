import { readFileSync } from 'node:fs';

/** CPU time of the whole process, in nanoseconds: JavaScript, garbage collection and native threads. */
export function processCpuNs() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

const SCHEDSTAT = `/proc/self/task/${process.pid}/schedstat`;

/**
 * CPU time of the JavaScript thread alone, in nanoseconds, or NaN where the platform does not measure it. Newer Node
 * versions know it; on Linux the scheduler's own count of the main thread serves the others.
 */
export function threadCpuNs() {
  if (typeof process.threadCpuUsage === 'function') {
    const { user, system } = process.threadCpuUsage();
    return (user + system) * 1000;
  }
  try {
    return Number(readFileSync(SCHEDSTAT, 'utf8').split(' ', 1)[0]);
  } catch {
    return NaN;
  }
}
