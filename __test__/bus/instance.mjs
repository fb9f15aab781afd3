// One instance of a service with a cache, for the checker: node instance.mjs transport url channel name capMs
import { LazyLayersCache } from '../../index.mjs';
import { TRANSPORTS } from './transports.mjs';

const [transport, url, channel, name, capMs] = process.argv.slice(2);
const QUIET = { logging: { enabled: false } };
const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, instance: name });
const resilience = { eventBusDownL1TtlMs: Number(capMs) };
const cache = new LazyLayersCache({ eventBus: bus, source: name, resilience, ...QUIET });
let acknowledged = true;
const events = {};
cache.on((event) => {
  events[event.type] = (events[event.type] ?? 0) + 1;
  if (event.type === 'event-bus:publish-error' || event.type === 'event-bus:publish-skipped') acknowledged = false;
});
/** One clock for all processes of a machine. */
const now = () => performance.timeOrigin + performance.now();

/** The answers of the parent, which holds the truth, to the loader. @type {Map<number, (version: number) => void>} */
const waiting = new Map();
let questions = 0;
const load = (key) =>
  new Promise((resolve) => {
    waiting.set(++questions, resolve);
    process.send({ question: questions, key });
  });

const actions = {
  read: async ({ key }) => {
    const started = now();
    return { started, version: await cache.getOrSet(key, () => load(key)) };
  },
  invalidate: async ({ key }) => {
    acknowledged = true;
    await cache.delete(key);
    return { acknowledged, at: now() };
  },
  health: () => bus.healthCheck(),
  events: () => events,
};

process.on('message', async (message) => {
  if (message.answer !== undefined) {
    waiting.get(message.answer)(message.version);
    waiting.delete(message.answer);
    return;
  }
  process.send({ reply: message.id, value: await actions[message.action](message) });
});
await bus.connect();
process.send('ready');
