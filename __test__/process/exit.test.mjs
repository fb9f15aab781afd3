import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFixture } from '../support/run-node.mjs';

/** The process ended by itself with the code it should, not by a signal. */
function ended(result, code = 0) {
  assert.equal(result.timedOut, false, `hung; said ${result.stdout}${result.stderr}`);
  assert.equal(result.signal, null, result.stderr);
  assert.equal(result.code, code, result.stderr);
}

for (const [what, fixture] of Object.entries({
  'a cache that was never used': 'unused.mjs',
  'an idle cache': 'idle.mjs',
  'a cache closed with a load that never ends': 'closed-in-flight.mjs',
})) {
  test(`${what} lets the process exit`, async () => {
    const result = await runFixture(fixture);
    ended(result);
    assert.equal(result.stdout, 'done\n');
  });
}

for (const state of ['open', 'closed']) {
  test(`deletes that caches, ${state}, would send again to a silent Redis do not keep the process alive`, async () => {
    let done;
    const result = await runFixture('missed-writes.mjs', [state], { onOutput: () => (done = Date.now()) });
    ended(result);
    assert.ok(Date.now() - done < 3_000, 'they are sent again at 3 s at the latest');
  });
}

test('a pending load keeps the process alive, also when nothing else does', async () => {
  const result = await runFixture('pending-load.mjs');
  ended(result);
  assert.equal(result.stdout, 'loaded value\n');
});

test('a load that never ends keeps the process alive until its hard timeout', async () => {
  const result = await runFixture('pending-hard-timeout.mjs');
  ended(result);
  assert.equal(result.stdout, 'LOADER_HARD_TIMEOUT\n');
});

for (const moment of ['at once', 'later', 'from a loader', 'from an event handler']) {
  test(`process.exit() with loads in flight, called ${moment}, ends the process with its code`, async () => {
    for (const code of [0, 7]) ended(await runFixture('exit-in-flight.mjs', [moment, String(code)]), code);
  });
}

test('a worker that is ended while it loads under a lock leaves the process alone', async () => {
  const result = await runFixture('locked-worker.mjs');
  ended(result);
  assert.equal(result.stdout, 'done\n');
});

test('an uncaught error with loads in flight ends the process as without a cache', async () => {
  const result = await runFixture('throw-in-flight.mjs');
  ended(result, 1);
  assert.match(result.stderr, /uncaught by the program/);
});
