// npm run aimed [-- --rounds 1000]: races between loads and invalidations of several instances, held open: on each bus,
// over each kind of second layer, with and without scripts. The buses run side by side, as their instances mostly wait.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TRANSPORTS } from '../__test__/bus/transports.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } });
const env = { ...process.env, ORDER_ROUNDS: values.rounds, AIMED: 'all' };
const OPTIONS = ['--test', '--test-concurrency=1', '--test-reporter=spec'];

const fileOf = (name) => fileURLToPath(new URL(`../__test__/${name}.test.mjs`, import.meta.url));

/** Runs tests in a process of their own, and prints their output at its end. Resolves to the exit code. */
function run(name, options = []) {
  const child = spawn(process.execPath, [...OPTIONS, ...options, fileOf(name)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      console.log(output);
      resolve(code ?? 1);
    });
  });
}

/** The tests of a transport begin with its name, which may begin with that of another. */
function patternOf(transport) {
  const longer = Object.keys(TRANSPORTS).filter((other) => other.startsWith(`${transport}, `));
  const isOther = longer.map((other) => `(?!${other.slice(transport.length + 2)})`).join('');
  return `--test-name-pattern=/^${transport}, ${isOther}/`;
}

const codes = [];
for (const name of ['redis/overtaken', 'redis/guarded', 'bus/order']) codes.push(await run(name));
codes.push(...(await Promise.all(Object.keys(TRANSPORTS).map((name) => run('bus/aimed', [patternOf(name)])))));
process.exitCode = codes.find((code) => code !== 0) ?? 0;
