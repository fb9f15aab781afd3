/**
 * `npm run bench`: measures this cache beside others, each in processes of its own, in interleaved rounds. Prints a
 * table per row and leaves a JSON file in bench/results/. Exits with 1 when an adapter returned a wrong value or
 * crashed.
 */
import { redisServer } from '../__test__/support/servers/redis.mjs';
import { layerOf } from './adapters/index.mjs';
import { readOptions, USAGE } from './harness/options.mjs';
import { installPeers, splitByInstalled } from './harness/peers.mjs';
import { measureInProcess } from './harness/processes.mjs';
import { formatRow, summariseRow } from './harness/report.mjs';
import { writeResults } from './harness/results.mjs';

/** Each round starts with another adapter, so that none always follows the same neighbour. */
const rotated = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

/** Whether an adapter is measured on a row. */
const takesPart = (adapter, { scenario, among }) =>
  layerOf(adapter) === layerOf(scenario) &&
  (adapter.only?.includes(scenario.name) ?? true) &&
  (among?.includes(adapter.name) ?? true);

async function measureRow(row, { adapters: all, rounds, quick }, progress, redis) {
  const adapters = all.filter((adapter) => takesPart(adapter, row));
  const outcomes = new Map(adapters.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name } of rotated(adapters, round)) {
      progress(`${row.id}, round ${round + 1} of ${rounds}: ${name}`);
      const server = { redisPort: redis?.server.port, redisPid: redis?.server.child.pid };
      const job = { adapterName: name, scenarioName: row.scenario.name, rowId: row.id, quick, ...server };
      await redis?.client.flushall();
      outcomes.get(name).push(await measureInProcess(job));
    }
  }
  progress('');
  return summariseRow(outcomes, row.scenario);
}

function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
}

async function main(argv) {
  const chosen = readOptions(argv);
  if (chosen.help) return console.log(USAGE);
  if (chosen.install) installPeers(chosen.adapters.flatMap(({ packages }) => packages));
  const { ready, absent } = splitByInstalled(chosen.adapters);
  if (absent.length > 0) console.log(`not installed, left out: ${absent.join(', ')}`);
  if (ready.length === 0) throw new Error('nothing to measure: none of the chosen adapters is installed');

  const options = { ...chosen, adapters: ready };
  const startedAt = new Date();
  const rows = [];
  const chosenRows = options.rows.filter((row) => ready.some((adapter) => takesPart(adapter, row)));
  const redis = chosenRows.some(({ scenario }) => layerOf(scenario) === 'redis') ? await startRedis() : undefined;
  for (const row of chosenRows) {
    const results = await measureRow(row, options, showProgress, redis);
    rows.push({ id: row.id, title: row.title, unit: row.scenario.unit, results });
    console.log(`${formatRow(row, results)}\n`);
  }
  console.log('× floor and × ours: medians of the ratios of the rounds; CPU per operation; spread: of the rounds.');
  console.log(`written to ${writeResults({ options, rows, startedAt })}`);
  reportFailures(rows);
  await redis?.stop();
}

/** A server of this run's own, and a client that empties it before each measurement. */
async function startRedis() {
  const server = await redisServer(undefined);
  const client = server.client();
  const stop = async () => {
    client.disconnect();
    await server.kill();
  };
  return { server, client, stop };
}

/** Names each cause once: an adapter that cannot start fails on every row in the same way. */
function reportFailures(rows) {
  const rowsByCause = new Map();
  for (const { id, results } of rows) {
    for (const { adapter, status, reason } of results) {
      if (status !== 'failed') continue;
      const cause = `${adapter}: ${reason}`;
      rowsByCause.set(cause, [...(rowsByCause.get(cause) ?? []), id]);
    }
  }
  for (const [cause, ids] of rowsByCause) console.error(`\nFAILED on ${ids.join(', ')}\n${cause}`);
  if (rowsByCause.size > 0) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
