import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findGrowth } from '../../bench/soak/flatness.mjs';

const SOAK = fileURLToPath(new URL('../../bench/soak.mjs', import.meta.url));
const MIB = 1024 * 1024;

function runSoak(args) {
  const child = spawn(process.execPath, [SOAK, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const sample = (changed) => ({
  rssBytes: 100 * MIB,
  heapBytes: 10 * MIB,
  externalBytes: 2 * MIB,
  resources: 2,
  files: 20,
  threads: 12,
  ...changed,
});

test('memory, handles, files and threads stay flat over 300,000 mixed operations', async () => {
  const { code, output } = await runSoak(['--ops', '300000']);
  assert.equal(code, 0, output);
  assert.match(output, /flat over 300,000 operations/);
});

test('the soak run finds growth', () => {
  const flat = Array.from({ length: 9 }, () => sample());
  assert.deepEqual(findGrowth(flat), []);
  const leaking = flat.map((_, at) => sample({ rssBytes: (100 + 5 * at) * MIB, threads: 12 + at }));
  const [memory, threads] = findGrowth(leaking);
  assert.match(memory, /rssBytes grew from 110100480 to 141557760/);
  assert.match(threads, /threads grew from 13 to 19/);
});

test('the soak run allows one sample that stands out', () => {
  const flat = Array.from({ length: 9 }, (_, at) => sample({ rssBytes: (at === 8 ? 200 : 100) * MIB }));
  assert.deepEqual(findGrowth(flat), []);
});
