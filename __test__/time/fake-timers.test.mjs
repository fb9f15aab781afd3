// Users' tests with fake timers. Those of other runners: see runners.test.mjs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NODES } from '../support/nodes.mjs';

/** The report of a process about each of its scenarios. */
async function scenarios(name, execPath) {
  const path = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
  const child = fork(path, { execPath, execArgv: ['--no-warnings'] });
  const ended = once(child, 'exit').then(() => [[{ name: `${name} runs to its end`, error: 'it did not' }]]);
  const [told] = await Promise.race([once(child, 'message'), ended]);
  return told;
}

for (const [version, node] of NODES) {
  for (const fixture of ['clocks.mjs', 'worker-clocks.mjs']) {
    for (const { name, error } of await scenarios(fixture, node)) {
      test(`Node.js ${version}: ${name}`, () => {
        if (error !== undefined) throw new Error(error);
      });
    }
  }
}
