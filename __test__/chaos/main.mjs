/**
 * Chaos across processes: caches on one bus and one Redis, a nemesis, and a check of all that was served.
 *
 *     npm run chaos -- --transport redis --seconds 600 --seed 1 --instances 3
 *
 * `--failover` has sentinels watch a master and a replica of Redis, and has the replica take over; `--cluster` has a
 * cluster of three primaries and their replicas, which take over, and slots that move;
 * `--transport` redis, rabbitmq, "rabbitmq, durable", nats, jetstream, or all (default), in turns; `--out` writes JSON.
 * It fails on faults, and on values that are old after everything was quiet.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { TRANSPORTS } from '../bus/transports.mjs';
import { printReport } from './report.mjs';
import { runChaos } from './scenario.mjs';

const OPTIONS = {
  transport: { type: 'string', default: 'all' },
  seconds: { type: 'string', default: '30' },
  seed: { type: 'string', default: '1' },
  instances: { type: 'string', default: '3' },
  out: { type: 'string' },
  failover: { type: 'boolean', default: false },
  cluster: { type: 'boolean', default: false },
};

const { values } = parseArgs({ options: OPTIONS });
const transports = values.transport === 'all' ? Object.keys(TRANSPORTS) : [values.transport];
const unknown = transports.find((name) => !(name in TRANSPORTS));
if (unknown) throw new Error(`--transport must be all or one of ${Object.keys(TRANSPORTS).join(', ')}; got ${unknown}`);

if (values.failover && values.cluster) throw new Error('--failover and --cluster are two ways to have several servers');
const group = values.cluster ? 'cluster' : values.failover ? 'sentinels' : undefined;

const results = [];
for (const transport of transports) {
  const seconds = Number(values.seconds) / transports.length;
  const result = await runChaos({
    transport,
    seconds,
    seed: Number(values.seed),
    group,
    instances: Number(values.instances),
  });
  results.push(result);
  printReport(result);
}
if (values.out) writeFileSync(values.out, JSON.stringify(results, undefined, 2));
const isWrong = ({ faults, afterQuiet }) => faults.length > 0 || afterQuiet.length > 0;
process.exit(results.some(isWrong) ? 1 : 0);
