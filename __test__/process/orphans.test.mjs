import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../support/deferred.mjs';

const OWNER = fileURLToPath(new URL('fixtures/server-owner.mjs', import.meta.url));

/** Whether a process, or one of a group, is there. */
function isThere(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

if (process.platform !== 'win32') {
  for (const kind of ['process', 'group']) {
    test(`a server that is a ${kind} ends with a test run that is killed`, async () => {
      const owner = spawn(process.execPath, [OWNER, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [told] = await once(owner.stdout, 'data');
      const pid = kind === 'group' ? -Number(told) : Number(told);
      assert.ok(isThere(pid));
      owner.kill('SIGKILL');
      await until(() => !isThere(pid), 'the server has ended', 10_000);
    });
  }
}
