// Users' tests with fake timers. Those of other runners: see runners.test.mjs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const child = fork(fileURLToPath(new URL('fixtures/clocks.mjs', import.meta.url)), { execArgv: ['--no-warnings'] });
const [told] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [[{ name: 'the scenarios run to their end', error: 'they did not' }]])]);

for (const { name, error } of told) {
  test(name, () => {
    if (error !== undefined) throw new Error(error);
  });
}
