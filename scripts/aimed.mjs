// npm run aimed [-- --rounds 1000]: races between loads and invalidations of several instances, held open: on each bus,
// over each kind of second layer, with and without scripts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1000' } } });
const FILES = ['redis/overtaken', 'redis/guarded', 'bus/order', 'bus/aimed'];
const files = FILES.map((name) => fileURLToPath(new URL(`../__test__/${name}.test.mjs`, import.meta.url)));
const env = { ...process.env, ORDER_ROUNDS: values.rounds, AIMED: 'all' };
const options = ['--test', '--test-concurrency=1', '--test-reporter=spec'];
const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
