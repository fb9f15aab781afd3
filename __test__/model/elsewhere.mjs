// Batches beside this thread: in worker threads, and in a process whose garbage is collected all the time.
import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';

const THREAD = new URL('thread.mjs', import.meta.url);
const STRESS = ['--expose-gc', '--stress-compaction', '--gc-interval=200'];

/** The rows that a thread or process tells; its findings go to `onFound`. */
function told(emitter, onFound) {
  return new Promise((resolve, reject) => {
    let rows;
    emitter.on('message', (message) => {
      if (message.found) onFound(message.found);
      else rows = message.rows;
    });
    emitter.on('error', reject);
    emitter.on('exit', (code, signal) =>
      rows === undefined ? reject(new Error(`a batch ended with ${signal ?? code}`)) : resolve(rows),
    );
  });
}

/** As many threads as said, each with seeds of its own. */
export async function inThreads(count, { seed, onFound, ...how }) {
  const starts = Array.from({ length: count }, (_, at) => seed + at * 1000);
  const rows = await Promise.all(
    starts.map((start) => told(new Worker(THREAD, { workerData: { ...how, seed: start } }), onFound)),
  );
  return rows.flat();
}

/** Where objects move all the time, at a tenth of the speed. */
export function underStress({ onFound, ...how }) {
  const child = fork(THREAD, [JSON.stringify({ ...how, slack: 1000 })], { execArgv: STRESS });
  return told(child, onFound);
}
