/**
 * `npm run demo:cluster`: three processes on one bus. One calls its loader, all three are warm; one deletes, and all
 * three have dropped the value. The broker is the one that REDIS_URL, RABBITMQ_URL or NATS_URL names, or is started.
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureServers } from '../scripts/servers.mjs';
import { TRANSPORTS } from './cluster/transports.mjs';
import { formatMs, formatTable, percentile } from './table.mjs';

const INSTANCES = ['one', 'two', 'three'];
const ROUNDS = 20;
/** Within which an event has to arrive. */
const DEADLINE_MS = 5000;
const INSTANCE = new URL('cluster/instance.mjs', import.meta.url);

class Instance {
  #replies = new Map();
  #ids = 0;

  constructor(transport, url, name) {
    this.name = name;
    this.process = fork(INSTANCE, [transport, url, name], { env: { ...process.env, NODE_ENV: 'production' } });
    this.ready = new Promise((resolve, reject) => {
      this.#replies.set(0, ({ error }) => (error === undefined ? resolve() : reject(new Error(error))));
      this.process.once('exit', () => reject(new Error(`the process "${name}" ended`)));
    });
    this.process.on('message', (message) => this.#replies.get(message.id)?.(message));
  }

  ask(action, more) {
    return new Promise((resolve) => {
      this.#replies.set(++this.#ids, ({ value }) => resolve(value));
      this.process.send({ id: this.#ids, action, ...more });
    });
  }

  end() {
    if (this.process.connected) this.process.send({ action: 'end' });
  }
}

/** Asks until the answer is good. */
async function until(ask, what) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what} within ${DEADLINE_MS} ms`);
    await sleep(1);
  }
}

/** One load and one delete, and how long after each the others had heard of it. */
async function round(instances, at) {
  const key = `user:${at}`;
  const [one, ...others] = instances;
  const loaded = await one.ask('load', { key });
  const warmed = [];
  for (const other of others) {
    const { warmed: when } = await until(async () => {
      const times = await other.ask('times');
      return times.warmed >= loaded.started && times;
    }, `instance ${other.name} was not warmed`);
    warmed.push(when - loaded.started);
    const { isThere } = await other.ask('read', { key });
    if (!isThere) throw new Error(`instance ${other.name} does not have the value`);
  }
  const deleter = instances[at % instances.length];
  const removed = await deleter.ask('delete', { key });
  const dropped = [];
  for (const other of instances.filter((instance) => instance !== deleter)) {
    const { dropped: when } = await until(async () => {
      const times = await other.ask('times');
      return times.dropped >= removed.started && times;
    }, `instance ${other.name} did not hear of the delete`);
    dropped.push(when - removed.started);
  }
  for (const instance of instances) {
    if ((await instance.ask('read', { key })).isThere) throw new Error(`instance ${instance.name} still has the value`);
  }
  return { warmed, dropped, deleted: removed.ended - removed.started };
}

async function run(transport, url) {
  const instances = INSTANCES.map((name) => new Instance(transport, url, name));
  try {
    await Promise.all(instances.map((instance) => instance.ready));
    const rounds = [];
    for (let at = 0; at < ROUNDS; at += 1) rounds.push(await round(instances, at));
    const calls = await Promise.all(instances.map(async (instance) => (await instance.ask('times')).loaderCalls));
    return { rounds, calls };
  } finally {
    for (const instance of instances) instance.end();
  }
}

function line(transport, { rounds, calls }) {
  const warmed = rounds.flatMap((one) => one.warmed);
  const dropped = rounds.flatMap((one) => one.dropped);
  const deleted = rounds.map((one) => one.deleted);
  const pair = (values) => `${formatMs(percentile(values, 0.5))} / ${formatMs(percentile(values, 0.99))}`;
  return [transport, calls.join(' + '), pair(warmed), pair(dropped), pair(deleted)];
}

async function main() {
  const missing = Object.values(TRANSPORTS).some(({ variable }) => !process.env[variable]);
  if (missing) await ensureServers();
  console.log(
    `\nThree processes on one bus, ${ROUNDS} rounds: one loads a value, all have it; one deletes it, none has it.\n`,
  );
  const servers = new Map();
  const urlOf = async ({ variable, program, start }) => {
    if (process.env[variable]) return process.env[variable];
    if (!servers.has(program)) {
      console.log(`starting ${program} …`);
      servers.set(program, await start());
    }
    return servers.get(program).url;
  };
  const rows = [];
  try {
    for (const [transport, how] of Object.entries(TRANSPORTS)) {
      const url = await urlOf(how);
      rows.push(line(transport, await run(transport, url)));
      console.log(`${transport}: done`);
    }
  } finally {
    for (const server of servers.values()) await (server.end ?? server.kill).call(server);
  }
  const heads = ['p50 / p99', 'loader calls', 'others are warm', 'others have dropped it', 'delete() took'];
  console.log(`\n${formatTable([heads, ...rows])}\n`);
  console.log(
    'Loader calls: of the first, the second and the third process. Times are from the call on; those of the others',
  );
  console.log('are taken when their handlers hear of it.');
}

main().catch((error) => {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
});
