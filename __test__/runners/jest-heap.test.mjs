import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runFixture } from '../support/run-node.mjs';
import { temporaryFolder } from '../support/servers/process.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const require = createRequire(new URL('../tools/package.json', import.meta.url));
const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../index.js', import.meta.url));

const FILES = 50;
/** By then everything that stays is loaded. */
const FIRST = 5;

/** Runs a project of this number of test files in one process, and returns the output after each. */
async function runJest(t, version) {
  const server = await redisServer(t);
  const rootDir = temporaryFolder('jest-heap');
  mkdirSync(join(rootDir, 'tests'));
  for (let n = 0; n < FILES; n += 1) {
    copyFileSync(fixture('cache.spec.cjs'), join(rootDir, 'tests', `cache-${n}.spec.cjs`));
  }
  const config = {
    rootDir,
    testMatch: ['**/*.spec.cjs'],
    reporters: [fixture('heap-reporter.cjs')],
    transform: {},
    watchman: false,
  };
  const configPath = join(rootDir, 'jest.config.json');
  writeFileSync(configPath, JSON.stringify(config));
  const jest = join(require.resolve(`${version}/package.json`), '..', 'bin', 'jest.js');
  const args = ['--config', configPath, '--runInBand', '--logHeapUsage', '--no-cache', '--forceExit'];
  const env = { PACKAGE, REDIS_URL: server.url };
  const { stdout, stderr } = await runFixture(jest, args, {
    flags: ['--expose-gc', '--max-semi-space-size=2'],
    env,
    deadlineMs: 300_000,
  });
  const line = stdout.split('\n').find((text) => text.startsWith('[{'));
  assert.ok(line, stdout + stderr);
  assert.doesNotMatch(stderr, /torn down/);
  return JSON.parse(line);
}

for (const version of ['jest-29', 'jest-30']) {
  test(`${version}: fifty files leave nothing behind in one process, and handlers are called in each`, async (t) => {
    const seen = await runJest(t, version);
    assert.deepEqual(
      seen.filter(({ failed }) => failed > 0).map(({ failureMessage }) => failureMessage),
      [],
    );
    assert.equal(seen.length, FILES);
    const [early, late] = [seen[FIRST - 1], seen[FILES - 1]];
    assert.ok(late.heap < early.heap * 1.2, `heap: ${early.heap} after ${FIRST} files, ${late.heap} after ${FILES}`);
    assert.ok(late.rss < early.rss * 1.2, `RSS: ${early.rss} after ${FIRST} files, ${late.rss} after ${FILES}`);
  });
}
