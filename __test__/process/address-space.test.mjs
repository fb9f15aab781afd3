import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('../../index.js', import.meta.url));

const PROGRAM = `
const { readFileSync } = require('node:fs');
const taken = () => Number(/VmSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
const before = taken();
const cache = require(${JSON.stringify(PACKAGE)}).createCache();
cache.set('k', 1).then(() => console.log((taken() - before) / 1024));
`;

if (process.platform === 'linux') {
  // A limit on address space, as by ulimit -v, counts what is only reserved: once that was more than 1 GiB.
  test('the package reserves less than 512 MiB of address space', async () => {
    const { stdout } = await run(process.execPath, ['--eval', PROGRAM]);
    assert.ok(Number(stdout) > 0 && Number(stdout) < 512, stdout);
  });
}
