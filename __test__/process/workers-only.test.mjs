import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFixture } from '../support/run-node.mjs';

test('a process that used the package in worker threads alone outlives them', async () => {
  const result = await runFixture('workers-only.mjs');
  assert.equal(result.timedOut, false);
  assert.equal(result.signal, null, result.stderr);
  assert.equal(result.stdout, 'done\n', result.stderr);
});
