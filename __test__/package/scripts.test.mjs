import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { complaint, newestGlibc } from '../../scripts/glibc-floor.mjs';
import { targetName } from '../../scripts/parts/project.mjs';
import { digestOf, isStamped, writeStamp } from '../../scripts/parts/stamp.mjs';
import { Tally } from '../../scripts/parts/tally.mjs';

function tallyOf(...lines) {
  const tally = new Tally();
  for (const line of lines) tally.take(line);
  return String(tally);
}

function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'scripts-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('the tests of node --test are counted', () => {
  assert.equal(tallyOf('ℹ tests 9', 'ℹ pass 7', 'ℹ fail 1', 'ℹ cancelled 1', 'ℹ skipped 0'), '7 passed, 2 failed');
});

test('the tests of cargo nextest are counted, whether they fail, time out or cannot start', () => {
  assert.equal(tallyOf('     Summary [   0.5s] 123 tests run: 123 passed, 0 skipped'), '123 passed, 0 failed');
  assert.equal(
    tallyOf('     Summary [   1.0s] 5 tests run: 2 passed, 2 failed, 1 timed out, 0 skipped'),
    '2 passed, 3 failed',
  );
  assert.equal(
    tallyOf('     Summary [   1.0s] 3/5 tests run: 1 passed (1 slow), 2 failed, 0 skipped'),
    '1 passed, 2 failed',
  );
});

test('the tests of cargo test are counted, over all its binaries', () => {
  const line = (passed, failed) => `test result: ok. ${passed} passed; ${failed} failed; 0 ignored; finished in 0.00s`;
  assert.equal(tallyOf(line(3, 0), line(4, 1)), '7 passed, 1 failed');
});

test('other lines are not counted', () => {
  assert.equal(tallyOf('✔ 5 passed', '3 failed', 'ℹ pass many', 'test result: unknown'), '0 passed, 0 failed');
});

test('targets are named as their packages are', () => {
  assert.equal(targetName('x86_64-unknown-linux-gnu'), 'linux-x64-gnu');
  assert.equal(targetName('aarch64-apple-darwin'), 'darwin-arm64');
  assert.equal(targetName('aarch64-pc-windows-msvc'), 'win32-arm64-msvc');
  assert.throws(() => targetName('riscv64gc-unknown-linux-gnu'), /riscv64gc-unknown-linux-gnu/);
});

test('the newest glibc of a report is found by number, not by text', () => {
  assert.equal(newestGlibc('Name: GLIBC_2.9  Name: GLIBC_2.17  Name: GLIBC_2.2.5'), '2.17');
  assert.equal(newestGlibc('Name: GCC_3.0'), undefined);
});

test('an addon that asks for a newer glibc than promised is complained about', () => {
  assert.match(complaint('a.linux-x64-gnu.node', 'GLIBC_2.28', '2.17'), /asks for glibc 2\.28; at most 2\.17/);
  assert.equal(complaint('a.linux-x64-gnu.node', 'GLIBC_2.17 GLIBC_2.3', '2.17'), undefined);
});

test('an addon for musl that asks for glibc is complained about, one for glibc that does not too', () => {
  assert.match(complaint('a.linux-x64-musl.node', 'GLIBC_2.17'), /is for musl/);
  assert.equal(complaint('a.linux-x64-musl.node', ''), undefined);
  assert.match(complaint('a.linux-x64-gnu.node', ''), /names no version/);
});

test('a digest changes with the content, the name and the number of files, and with the facts', (t) => {
  const folder = temporaryFolder(t);
  const digests = new Set();
  const note = (facts) => digests.add(digestOf(folder, ['.'], facts));
  note();
  writeFileSync(join(folder, 'a'), 'one');
  note();
  writeFileSync(join(folder, 'a'), 'two');
  note();
  writeFileSync(join(folder, 'b'), '');
  note();
  note(['release']);
  assert.equal(digests.size, 5);
});

test('a digest of the same files is the same, and absent ones are no error', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a'), 'one');
  assert.equal(digestOf(folder, ['a', 'absent']), digestOf(folder, ['a', 'absent']));
});

test('a stamp holds for the digest it was written for', (t) => {
  const stamp = join(temporaryFolder(t), 'stamp');
  assert.equal(isStamped(stamp, 'abc'), false);
  writeStamp(stamp, 'abc');
  assert.equal(isStamped(stamp, 'abc'), true);
  assert.equal(isStamped(stamp, 'abd'), false);
});

test('a server that is missing and cannot be installed is named with the command that installs it', () => {
  const script = fileURLToPath(new URL('../../scripts/servers.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env: { PATH: '' }, encoding: 'utf8' });
  if (process.platform === 'win32') {
    assert.match(stdout, /there are none for Windows/);
    return;
  }
  assert.equal(status, 1);
  const missing =
    /redis-server, (rabbitmq-server, )?nats-server(, chromium)? not found; run apt-get install redis-server (rabbitmq-server )?nats-server( chromium)?, or brew install redis (rabbitmq )?nats-server( chromium)?, or start Docker/;
  assert.match(stderr, missing);
});
