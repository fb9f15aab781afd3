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

for (const transport of ['rabbitmq, durable', 'jetstream']) {
  test(`${transport}: ${EVENTS} events, with a crash of the instance and one of the broker`, async (t) => {
    const server = await TRANSPORTS[transport].server(t);
    const channel = freshName('durable');
    const file = join(temporaryFolder('keeper'), 'keys');
    writeFileSync(file, '');
    const start = async () => {
      const keeper = fork(KEEPER, [transport, server.url, channel, 'keeper', file], { stdio: 'inherit' });
      t.after(() => keeper.kill('SIGKILL'));
      await once(keeper, 'message');
      return keeper;
    };
    const bus = TRANSPORTS[transport].bus(server.url, channel, { ...QUIET, retryQueue: { maxSize: EVENTS } });
    t.after(() => bus.disconnect());
    let keeper = await start();
    let failed = 0;
    const publish = async (from, to) => {
      for (let at = from; at < to; at += BATCH) {
        const events = Array.from({ length: BATCH }, (_, n) => ({ id: `e${at + n}`, type: 'del', source: 'p', ts: 1, keys: [`k${at + n}`] }));
        const sent = await Promise.allSettled(events.map((event) => bus.publish(event)));
        failed += sent.filter(({ status }) => status === 'rejected').length;
      }
    };
    await publish(0, 20_000);
    keeper.kill('SIGKILL');
    await once(keeper, 'exit');
    await publish(20_000, 40_000);
    keeper = await start();
    await publish(40_000, 60_000);
    const crashed = server.kill();
    await publish(60_000, 80_000);
    await crashed;
    await server.start();
    await publish(80_000, EVENTS);
    await until(async () => (await bus.healthCheck()).queued === 0, 'all is flushed', 120_000);

    const applied = () => readFileSync(file, 'utf8').split('\n').slice(0, -1);
    await until(() => new Set(applied()).size >= EVENTS, 'all arrive', 120_000).catch(() => {});
    const keys = applied();
    const distinct = new Set(keys);
    const missing = Array.from({ length: EVENTS }, (_, at) => `k${at}`).filter((key) => !distinct.has(key));
    assert.deepEqual([missing.slice(0, 5), distinct.size], [[], EVENTS]);
    assert.ok(failed > 0, 'the crash of the broker was felt');
    t.diagnostic(`${failed} publishes failed and were made up for; ${keys.length - EVENTS} events came more than once`);
  });
}
