// The example of N + 1 queries, with the numbers that README states.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the example makes as many queries as it says', () => {
  const example = fileURLToPath(new URL('../../examples/n-plus-one.mjs', import.meta.url));
  assert.equal(
    execFileSync(process.execPath, [example], { encoding: 'utf8' }),
    `each author by itself: 101 queries
cached, each author by itself: 26 queries
cached, misses together: 2 queries
the same again: 1 query
after one author was deleted: 2 queries
`,
  );
});
