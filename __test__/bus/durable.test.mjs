// Nothing is lost while an instance or the broker is away.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../support/deferred.mjs';
import { temporaryFolder } from '../support/servers/process.mjs';
import { freshName, TRANSPORTS } from './transports.mjs';

const EVENTS = 100_000;
const BATCH = 1000;
const QUIET = { logging: { enabled: false } };
const KEEPER = new URL('keeper.mjs', import.meta.url);

/** Publishes events by number, and counts the rejected ones: they wait in the queue. */
class Publisher {
  failed = 0;

  constructor(t, transport, url, channel) {
    this.bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, retryQueue: { maxSize: EVENTS } });
    t.after(() => this.bus.disconnect());
  }

  async publish(from, to) {
    for (let at = from; at < to; at += BATCH) {
      const numbers = Array.from({ length: BATCH }, (_, n) => at + n);
      const events = numbers.map((n) => ({ id: `e${n}`, type: 'del', source: 'p', ts: 1, keys: [`k${n}`] }));
      const sent = await Promise.allSettled(events.map((event) => this.bus.publish(event)));
      this.failed += sent.filter(({ status }) => status === 'rejected').length;
    }
  }
}

/** Starts the program that keeps the events it gets. */
async function startKeeper(t, args) {
  const keeper = fork(KEEPER, args, { stdio: 'inherit' });
  t.after(() => keeper.kill('SIGKILL'));
  await once(keeper, 'message');
  return keeper;
}

for (const transport of ['rabbitmq, durable', 'jetstream']) {
  test(`${transport}: ${EVENTS} events, with a crash of the instance and one of the broker`, async (t) => {
    const server = await TRANSPORTS[transport].server(t);
    const channel = freshName('durable');
    const file = join(temporaryFolder('keeper'), 'keys');
    writeFileSync(file, '');
    const args = [transport, server.url, channel, 'keeper', file];
    const publisher = new Publisher(t, transport, server.url, channel);
    const keeper = await startKeeper(t, args);
    await publisher.publish(0, 20_000);
    keeper.kill('SIGKILL');
    await once(keeper, 'exit');
    await publisher.publish(20_000, 40_000);
    await startKeeper(t, args);
    await publisher.publish(40_000, 60_000);
    const crashed = server.kill();
    await publisher.publish(60_000, 80_000);
    await crashed;
    await server.start();
    await publisher.publish(80_000, EVENTS);
    await until(async () => (await publisher.bus.healthCheck()).queued === 0, 'all is flushed', 120_000);

    const applied = () => readFileSync(file, 'utf8').split('\n').slice(0, -1);
    await until(() => new Set(applied()).size >= EVENTS, 'all arrive', 120_000).catch(() => {});
    const keys = applied();
    const distinct = new Set(keys);
    const missing = Array.from({ length: EVENTS }, (_, at) => `k${at}`).filter((key) => !distinct.has(key));
    assert.deepEqual([missing.slice(0, 5), distinct.size], [[], EVENTS]);
    assert.ok(publisher.failed > 0, 'the crash of the broker was felt');
    t.diagnostic(
      `${publisher.failed} publishes failed and were made up for; ${keys.length - EVENTS} events came more than once`,
    );
  });
}
