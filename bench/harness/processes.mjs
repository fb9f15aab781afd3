import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));
const TIMEOUT_MS = 180_000;

/**
 * Measures one adapter on one row in a new process. Always resolves: `status` is `ok`, `n/a` (with a reason) or
 * `failed` (with a reason), also when the process crashes or does not answer in time.
 */
export function measureInProcess(job) {
  return new Promise((resolve) => {
    const child = fork(CHILD, {
      execArgv: ['--expose-gc'],
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr = (stderr + chunk).slice(-4000)));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve({ status: 'failed', reason: `no answer within ${TIMEOUT_MS / 1000} s` });
    }, TIMEOUT_MS);
    child.once('message', resolve);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        status: 'failed',
        reason: `the process ended without an answer (${signal ?? `code ${code}`})\n${stderr}`,
      });
    });
    child.send(job);
  });
}
