import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../harness/herd-child.mjs', import.meta.url));
const PROCESSES = 4;

/** Callers in several processes ask for one key that nobody has, at once: how often is it loaded? */
async function measure({ adapterName, callers, redisPort }) {
  const children = Array.from({ length: PROCESSES }, () =>
    fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  try {
    const said = async (child) => (await once(child, 'message'))[0];
    for (const child of children) child.send({ adapterName, redisPort, callers: callers / PROCESSES });
    await Promise.all(children.map(said));
    for (const child of children) child.send('go');
    const outcomes = await Promise.all(children.map(said));
    assert.ok(
      outcomes.every(({ right }) => right),
      'a caller got a wrong value',
    );
    const value = outcomes.reduce((sum, { calls }) => sum + calls, 0);
    const latencyMs = Math.max(...outcomes.map(({ tookMs }) => tookMs));
    return { value, p10: value, p90: value, samples: 1, operations: callers, latencyMs };
  } finally {
    for (const child of children) child.kill();
  }
}

export default {
  name: 'redis-herd',
  layer: 'redis',
  unit: 'loads',
  needs: ['getOrSet'],
  rows: [
    {
      id: 'redis-herd/10000',
      title: '10,000 callers of a cold key in 4 processes, a loader of 50 ms: how often it is called',
      params: { callers: 10_000 },
      quick: true,
    },
  ],
  measure,
};
