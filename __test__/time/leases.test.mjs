// Bun and Deno do not tell the turns of their event loops: there the time that hits go by is kept for a few
// milliseconds.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const AS_BUN = ['--require', fixture('as-bun.cjs')];

async function run(context, name, args = [], execArgv = AS_BUN) {
  const child = fork(fixture(name), args.map(String), { execArgv });
  context.after(() => child.kill('SIGKILL'));
  const [told] = await once(child, 'message');
  return told;
}

test('where turns are not told the time of hits is kept for the next one, and given up some milliseconds later', async (context) => {
  const { isKept, shortest, value } = await run(context, 'leases.mjs');
  assert.deepEqual([isKept, value], [true, 'v']);
  assert.ok(shortest < 100, `${shortest} ms`);
});

test('where turns are told none goes by the time of the one before, and each may be longer', async (context) => {
  const { isKept, shortest, value } = await run(context, 'leases.mjs', [], []);
  assert.deepEqual([isKept, value], [false, 'v']);
  assert.ok(shortest > 100, `${shortest} ms`);
});

for (const [ttlMs, burst] of [
  [5, 1],
  [50, 1000],
]) {
  test(`where turns are not told nothing of ${ttlMs} ms is served more than 2 ms late, of ${burst} hits in a row`, async (context) => {
    const { hits, late } = await run(context, 'loaded.mjs', [40, 0, ttlMs, burst]);
    assert.ok(hits > 0);
    assert.deepEqual(late, []);
  });
}
