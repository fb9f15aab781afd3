import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { tsc } from './support/tsc.mjs';

const projects = [
  ['the declarations keep the contract under every check of the compiler', ['--project', 'tsconfig.json']],
  ['a CommonJS consumer compiles', ['--project', 'cjs/tsconfig.json']],
  ['an ES module consumer compiles', ['--project', 'esm/tsconfig.json']],
  ['a bundled consumer compiles', ['--project', 'bundler/tsconfig.json']],
  ['a consumer that is not strict compiles', ['--project', 'esm/tsconfig.json', '--strict', 'false']],
];

test('a library compiles that exports inferred types, with the language of 2020', async (t) => {
  const outDir = await mkdtemp(join(tmpdir(), 'declarations-'));
  t.after(() => rm(outDir, { recursive: true }));
  assert.equal(await tsc('--project', 'declarations/tsconfig.json', '--outDir', outDir), '');
});

for (const [name, args] of projects) {
  test(name, async () => {
    assert.equal(await tsc(...args), '');
  });
}
