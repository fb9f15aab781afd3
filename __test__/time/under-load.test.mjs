// Entries of few milliseconds on a machine that is busy with other things.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const FIXTURE = fileURLToPath(new URL('fixtures/loaded.mjs', import.meta.url));

async function measure(context, ...args) {
  const child = fork(FIXTURE, args.map(String));
  context.after(() => child.kill('SIGKILL'));
  const [told] = await once(child, 'message');
  return told;
}

test('nothing is served more than 2 ms late while threads keep the processors busy', async (context) => {
  const { hits, expired, late } = await measure(context, 2000, availableParallelism() * 2);
  assert.ok(hits > 0 && expired > 10, `${hits} hits, ${expired} expired`);
  assert.deepEqual(late, []);
});
