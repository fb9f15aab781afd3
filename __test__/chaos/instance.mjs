// One process of the service under chaos: it reads and invalidates as it is told, and logs that.
// node instance.mjs '{ name, transport, addresses, channel, prefix, keys, seed, options }'
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { TRANSPORTS } from '../bus/transports.mjs';
import { Random } from '../model/random.mjs';
import { now } from './clock.mjs';

const { name, transport, addresses, channel, prefix, keys, seed, options } = JSON.parse(process.argv[2]);
const QUIET = { logging: { enabled: false } };
const random = new Random(seed);
const bus = TRANSPORTS[transport].bus(addresses.bus, channel, { ...QUIET, instance: name });
const l2 = new RedisStore(addresses.redis, { prefix });
const cache = new LazyLayersCache({ l2, eventBus: bus, source: name, ...QUIET, ...options });

/** What the coordinator, which holds the truth, is asked. @type {Map<number, (answer: any) => void>} */
const waiting = new Map();
let questions = 0;
const ask = (question) =>
  new Promise((resolve) => {
    questions += 1;
    waiting.set(questions, resolve);
    process.send({ ...question, question: questions });
  });

let log = [];
const open = new Map();
let calls = 0;
const running = { on: false };

/** Makes a call, and logs when it was made, when it was answered, and with what. */
async function logged(entry, call) {
  calls += 1;
  const id = calls;
  Object.assign(entry, { by: name, pid: process.pid, inv: now() });
  open.set(id, entry);
  try {
    Object.assign(entry, await call());
  } catch (error) {
    entry.error = String(error?.stack ?? error);
  }
  entry.ack = now();
  open.delete(id);
  log.push(entry);
}

const read = (key) =>
  logged({ type: 'read', key }, async () => {
    const value = await cache.getOrSet(key, async () => ({ key, version: (await ask({ load: key })).version }));
    return { value };
  });

const peek = (key) => logged({ type: 'read', key }, async () => ({ value: await cache.get(key) }));

/** The truth changes first; what is acknowledged after that binds all who read later. */
async function invalidate(verb, key) {
  const pattern = verb === 'delete' ? undefined : verb === 'clear' ? '*' : `${key.slice(0, 2)}*`;
  const changed =
    pattern === undefined ? [key] : keys.filter((other) => pattern === '*' || other.startsWith(key.slice(0, 2)));
  const { versions } = await ask({ bump: changed });
  await logged({ type: 'invalidate', verb, versions }, async () => {
    if (verb === 'delete') await cache.delete(key);
    else if (verb === 'clear') await cache.clear();
    else await cache.deleteByPattern(pattern);
    return {};
  });
}

const STEPS = { read: 70, peek: 15, delete: 12, pattern: 2, clear: 1 };

async function step() {
  const key = random.pick(keys);
  const what = random.weighted(STEPS);
  if (what === 'read') await read(key);
  else if (what === 'peek') await peek(key);
  else await invalidate(what, key);
}

/** One of several that run at a time. */
async function run() {
  while (running.on) {
    await step();
    await sleep(random.between(0, 8));
  }
}

async function isWell() {
  const [health, size] = await Promise.all([
    bus.healthCheck(),
    l2.size().then(
      () => true,
      () => false,
    ),
  ]);
  return health.ok && health.subscribed !== false && (health.queued ?? 0) === 0 && size;
}

let runners = [];
const actions = {
  start: async () => {
    running.on = true;
    runners = [run(), run(), run()];
  },
  stop: async () => {
    running.on = false;
    await Promise.race([Promise.all(runners), sleep(8000)]);
  },
  well: isWell,
  /** All keys, one after the other, as nothing else is done. */
  readAll: async () => {
    for (const key of keys) await read(key);
  },
  /** What was done since the last time, and how long the calls that are open are open. */
  take: async () => {
    const entries = log;
    log = [];
    return { entries, open: [...open.values()].map((entry) => ({ ...entry, forMs: now() - entry.inv })) };
  },
};

process.on('unhandledRejection', (error) =>
  log.push({ type: 'rejection', by: name, error: String(error?.stack ?? error), inv: now(), ack: now() }),
);
process.on('message', async (message) => {
  if (message.answer !== undefined) {
    waiting.get(message.answer)?.(message);
    waiting.delete(message.answer);
    return;
  }
  process.send({ reply: message.id, value: await actions[message.action]() });
});
process.on('disconnect', () => process.exit());
bus.connect().catch(() => {});
process.send('ready');
