import { spawn } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixtures = new URL('../process/fixtures/', import.meta.url);

/** Runs a fixture in a fresh process of this Node.js or another; the deadline only ends a test that would hang. */
export function runFixture(
  name,
  args = [],
  { deadlineMs = 60_000, node = process.execPath, flags = [], env = {}, onOutput } = {},
) {
  const path = isAbsolute(name) ? name : fileURLToPath(new URL(name, fixtures));
  const child = spawn(node, [...flags, path, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  if (onOutput) child.stdout.once('data', onOutput);
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const deadline = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      resolve({ code, signal, stdout, stderr, timedOut });
    });
  });
}
