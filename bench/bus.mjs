/**
 * `npm run bench:bus`: the cost of a storm of invalidations for a receiver, beside one built on JavaScript clients, and
 * how long an invalidation takes to arrive.
 *
 *   node bench/bus.mjs [--rounds 5] [--events 20000] [--only redis]
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LazyLayersCache } from '../index.mjs';
import { natsServer } from '../__test__/support/servers/nats.mjs';
import { rabbitServer } from '../__test__/support/servers/rabbitmq.mjs';
import { redisServer } from '../__test__/support/servers/redis.mjs';
import { ourBus } from './bus/transports.mjs';
import { installPeers } from './harness/peers.mjs';
import { median } from './harness/statistics.mjs';

const KINDS = ['ours', 'ours, heard', 'JavaScript client', 'bystander'];
const RATE = 200;
const PROPAGATED = 600;
/** Within which all that was sent has arrived. */
const SETTLE_MS = 1000;
const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '20000' },
    only: { type: 'string' },
  },
});
// The receiver by JavaScript clients keeps its entries in it.
installPeers(['lru-cache']);
const rounds = Number(given.rounds);
const events = Number(given.events);
const SERVERS = { redis: redisServer, rabbitmq: rabbitServer, nats: natsServer, jetstream: natsServer };
const now = () => performance.timeOrigin + performance.now();

class Receiver {
  #replies = new Map();
  #ids = 0;

  constructor(kind, transport, url, channel) {
    const env = { ...process.env, NODE_ENV: 'production' };
    this.process = fork(new URL('bus/receiver.mjs', import.meta.url), [kind, transport, url, channel], { env });
    this.ready = new Promise((resolve) => this.#replies.set(0, resolve));
    this.process.on('message', ({ id, value }) => this.#replies.get(id)(value));
  }

  ask(action, more) {
    return new Promise((resolve) => {
      this.#replies.set(++this.#ids, resolve);
      this.process.send({ id: this.#ids, action, ...more });
    });
  }
}

async function storm(publisher, receiver, watchesDelay) {
  await receiver.ask('fill', { count: events });
  await receiver.ask('begin', { watchesDelay });
  const started = performance.now();
  for (let at = 0; at < events; at += 1000) {
    await Promise.all(Array.from({ length: Math.min(1000, events - at) }, (_, n) => publisher.delete(`key:${at + n}`)));
  }
  const publishedMs = performance.now() - started;
  // Nothing is asked of the receiver meanwhile: that would be work of its thread.
  await sleep(SETTLE_MS);
  const spent = await receiver.ask('end');
  const left = await receiver.ask('left');
  if (left > 0) {
    throw new Error(`${left} of ${events} invalidations have not arrived ${SETTLE_MS} ms after the last was sent`);
  }
  return { ...spent, publishedMs };
}

/** The cost of a storm, and the delay of the event loop in it and without it. */
async function storms(publisher, receiver) {
  const spent = await storm(publisher, receiver, false);
  await receiver.ask('begin', { watchesDelay: true });
  await sleep(1000);
  const idle = await receiver.ask('end');
  const delayed = await storm(publisher, receiver, true);
  return { ...spent, idleP99Ms: idle.delayP99Ms, delayP99Ms: delayed.delayP99Ms };
}

async function propagation(publisher, receiver) {
  await receiver.ask('watch');
  const sent = [];
  for (let at = 0; at < PROPAGATED; at++) {
    sent.push(now());
    publisher.delete(`one:${at}`);
    await sleep(1000 / RATE);
  }
  await sleep(500);
  const arrivals = await receiver.ask('arrivals');
  if (arrivals.length === 0) return { p50: NaN, p99: NaN };
  const took = arrivals
    .slice(-PROPAGATED)
    .map((at, n) => at - sent[n])
    .sort((a, b) => a - b);
  return { p50: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)] };
}

async function measure(transport, server) {
  const results = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round++) {
    for (const kind of round % 2 === 0 ? KINDS : [...KINDS].reverse()) {
      const channel = `bench${process.pid}r${round}k${KINDS.indexOf(kind)}`;
      const bus = ourBus(transport, server.url, channel, 'publisher');
      const publisher = new LazyLayersCache({ eventBus: bus, source: 'publisher', subscribeToEvents: false });
      await bus.connect();
      const receiver = new Receiver(kind, transport, server.url, channel);
      await receiver.ready;
      const stormed = await storms(publisher, receiver);
      results[kind].push({ ...stormed, ...(await propagation(publisher, receiver)) });
      receiver.process.kill();
      await bus.disconnect();
    }
  }
  return results;
}

function report(transport, results) {
  const of = (kind, name) => median(results[kind].map((one) => one[name]));
  const perEvent = (kind, name) => of(kind, name) / events / 1000;
  const [ours, theirs] = KINDS;
  const ratio = (name) => (of(ours, name) / of(theirs, name)).toFixed(2);
  console.log(`\n${transport}: ${events} invalidations, ${rounds} rounds, medians`);
  console.table(
    KINDS.map((kind) => ({
      receiver: kind,
      'JS thread µs/event': perEvent(kind, 'threadNs').toFixed(3),
      'process µs/event': perEvent(kind, 'processNs').toFixed(2),
      'loop delay p99 ms': of(kind, 'delayP99Ms').toFixed(2),
      'idle p99 ms': of(kind, 'idleP99Ms').toFixed(2),
      'published in ms': of(kind, 'publishedMs').toFixed(0),
      'propagation p50 ms': of(kind, 'p50').toFixed(3),
      'p99 ms': of(kind, 'p99').toFixed(3),
    })),
  );
  console.log(
    `ratios to the JavaScript client: JS thread ${ratio('threadNs')}, process ${ratio('processNs')}, propagation p99 ${ratio('p99')}`,
  );
}

for (const transport of Object.keys(SERVERS).filter((name) => given.only === undefined || name === given.only)) {
  const server = await SERVERS[transport]();
  report(transport, await measure(transport, server));
  await (server.end ?? server.kill).call(server);
}
process.exit();
