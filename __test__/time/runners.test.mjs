// Users' tests with the fake timers of jest and vitest, run by those themselves.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOOLS = join(ROOT, '__test__/tools/node_modules');
const FIXTURES = join(ROOT, '__test__/time/fixtures');

/** A folder for the configuration of one run. */
function folder(context) {
  const path = mkdtempSync(join(tmpdir(), 'lazy-layers-fake-timers-'));
  context.after(() => rmSync(path, { recursive: true }));
  return path;
}

async function runs(args, options) {
  const ended = await run(process.execPath, args, { cwd: ROOT, ...options }).catch((error) => error);
  const said = `${ended.stdout}\n${ended.stderr}`;
  assert.equal(ended.code ?? 0, 0, said);
  return said;
}

const env = (more) => {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...rest } = process.env;
  // Runners colour what they say where they take it for a terminal or for CI.
  return { ...rest, NO_COLOR: '1', ...more };
};

for (const [runner, timers] of [
  ['jest-29', 'modern'],
  ['jest-29', 'legacy'],
  ['jest-30', 'modern'],
  ['jest-30', 'legacy'],
]) {
  test(`${runner} with ${timers} fake timers`, async (context) => {
    const config = join(folder(context), 'jest.config.json');
    writeFileSync(
      config,
      JSON.stringify({
        rootDir: FIXTURES,
        testMatch: ['**/jest.test.cjs'],
        moduleFileExtensions: ['js', 'cjs', 'json', 'node'],
        moduleNameMapper: { '^lazy-layers-cache$': join(ROOT, 'index.js') },
        testEnvironment: 'node',
        transform: {},
        cacheDirectory: join(config, '../cache'),
        haste: { enableSymlinks: false },
      }),
    );
    const jest = join(TOOLS, runner, 'bin/jest.js');
    const said = await runs([jest, '--config', config, '--runInBand', '--no-watchman'], {
      env: env({ FAKE_TIMERS: timers }),
    });
    assert.match(said, /Tests:\s+\d+ passed, \d+ total/);
  });
}

test('vitest with its fake timers', async (context) => {
  const config = join(folder(context), 'vitest.config.mjs');
  const settings = {
    root: FIXTURES,
    cacheDir: join(config, '../cache'),
    resolve: { alias: { 'lazy-layers-cache': join(ROOT, 'index.mjs'), vitest: join(TOOLS, 'vitest') } },
    test: { include: ['vitest.spec.mjs'] },
  };
  writeFileSync(config, `export default ${JSON.stringify(settings)};\n`);
  const said = await runs([join(TOOLS, 'vitest/vitest.mjs'), 'run', '--config', config], { env: env() });
  assert.match(said, /Tests\s+\S*\d+ passed/);
});
