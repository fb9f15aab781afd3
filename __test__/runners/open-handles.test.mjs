import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runFixture } from '../support/run-node.mjs';
import { temporaryFolder } from '../support/servers/process.mjs';

const require = createRequire(new URL('../tools/package.json', import.meta.url));
const FIXTURE = fileURLToPath(new URL('fixtures/open-handles.spec.cjs', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../index.js', import.meta.url));

/** The handles that jest lists as open at the end of a test file that uses caches, one of them left open. */
async function openHandles(version) {
  const folder = temporaryFolder('open-handles');
  const config = join(folder, 'jest.config.json');
  const settings = { rootDir: dirname(FIXTURE), testMatch: [FIXTURE], transform: {}, watchman: false };
  writeFileSync(config, JSON.stringify({ ...settings, cacheDirectory: join(folder, 'cache') }));
  const jest = join(require.resolve(`${version}/package.json`), '..', 'bin', 'jest.js');
  const { stdout, stderr } = await runFixture(jest, ['--config', config, '--detectOpenHandles'], { env: { PACKAGE } });
  const said = stdout + stderr;
  assert.match(said, /1 passed, 1 total/, said);
  return [...said.matchAll(/^ +● +(\S.*)$/gm)].map(([, name]) => name.trim());
}

for (const version of ['jest-29', 'jest-30']) {
  test(`${version} finds nothing open, also of a cache that is`, async () => {
    assert.deepEqual(await openHandles(version), []);
  });
}
