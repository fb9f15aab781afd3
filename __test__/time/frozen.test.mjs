// Processes that are frozen, as serverless platforms do it right after an answer.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODES } from '../support/nodes.mjs';

const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const unixOnly = { skip: process.platform === 'win32' && 'there are no signals that freeze a process' };

/** A process of a fixture's that has said that it is ready. */
async function start(context, name, args = [], execPath = process.execPath) {
  const child = fork(fixture(name), args, { execPath });
  context.after(() => child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

async function freeze(child, ms) {
  child.kill('SIGSTOP');
  await sleep(ms);
  child.kill('SIGCONT');
}

for (const [version, node] of NODES) {
  test(`Node.js ${version}: nothing is served across a freeze after its end`, unixOnly, async (context) => {
    const child = await start(context, 'server.mjs', [], node);
    for (let round = 0; round < 30; round += 1) {
      child.send('ask');
      await once(child, 'message');
      await freeze(child, 80);
    }
    child.send('end');
    const [{ asked, late }] = await once(child, 'message');
    assert.ok(asked > 30);
    assert.deepEqual(late, []);
  });
}

/** A thread that goes on before the clock thread does may answer so many hits late: see docs/decisions/time.md. */
const NOTICED = 512;

for (const gapMs of [0, 0.01]) {
  test(
    `a freeze amid hits that are ${gapMs * 1000} us apart is noticed within ${NOTICED} hits`,
    unixOnly,
    async (context) => {
      const child = await start(context, 'run.mjs');
      for (let round = 0; round < 2; round += 1) {
        child.send(gapMs);
        const told = once(child, 'message');
        await sleep(120);
        await freeze(child, 80);
        await sleep(60);
        await freeze(child, 80);
        const [late] = await told;
        assert.ok(late.length <= 2 * NOTICED, `${late.length} of two freezes`);
      }
    },
  );
}

test('a load of less than its hard limit ends well after a freeze beyond it', unixOnly, async (context) => {
  const child = await start(context, 'frozen-load.mjs');
  await freeze(child, 2000);
  const [outcome] = await once(child, 'message');
  assert.deepEqual(outcome, { value: 'loaded' });
});

test('a load that does not end is ended soon after a freeze beyond its hard limit', unixOnly, async (context) => {
  const child = await start(context, 'frozen-load.mjs', ['endless']);
  await freeze(child, 2000);
  const [outcome] = await once(child, 'message');
  assert.equal(outcome.code, 'LOADER_HARD_TIMEOUT');
});
