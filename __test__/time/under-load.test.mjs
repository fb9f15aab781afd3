// Entries of few milliseconds in a process that does not get the processor when it wants it.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODES } from '../support/nodes.mjs';

const FIXTURE = fileURLToPath(new URL('fixtures/loaded.mjs', import.meta.url));

function start(context, execPath, { ends, busyThreads = 0, ttlMs, burst = 1, stops = 0 }) {
  const child = fork(FIXTURE, [ends, busyThreads, ttlMs, burst, stops].map(String), { execPath });
  context.after(() => child.kill('SIGKILL'));
  return { child, told: once(child, 'message').then(([told]) => told) };
}

function assertInTime({ hits, late }) {
  assert.ok(hits > 0);
  assert.deepEqual(late, []);
}

/** Lets a process run for 10 ms of 100, as a quota of a tenth of a processor does. */
async function throttle(child, told) {
  const over = told.then(() => true);
  do {
    child.kill('SIGSTOP');
    await sleep(90);
    child.kill('SIGCONT');
  } while (!(await Promise.race([over, sleep(10, false)])));
}

for (const [version, node] of NODES) {
  test(`Node.js ${version}: nothing is served more than 2 ms late while threads keep the processors busy`, async (context) => {
    const { told } = start(context, node, { ends: 200, busyThreads: availableParallelism() * 2, ttlMs: 5 });
    assertInTime(await told);
  });

  for (const [ttlMs, burst, ends] of [
    [5, 1, 40],
    [150, 1000, 15],
  ]) {
    const name = `Node.js ${version}: a tenth of a processor: nothing of ${ttlMs} ms is served more than 2 ms late, of ${burst} hits in a row`;
    test(
      name,
      { skip: process.platform === 'win32' && 'there are no signals that stop a process' },
      async (context) => {
        const { child, told } = start(context, node, { ends, ttlMs, burst, stops: 3 });
        await throttle(child, told);
        assertInTime(await told);
      },
    );
  }
}
