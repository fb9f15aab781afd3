// Connections and attempts that are given up leave no thread and no socket behind.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RabbitMQEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { threadsNamed } from '../support/threads.mjs';
import { freshName, instanceOn } from './transports.mjs';

const QUIET = { logging: { enabled: false } };

/** A server that accepts connections and says nothing, and how many it has had and has. */
async function silentServer(t) {
  const count = { accepted: 0, open: 0 };
  const server = createServer((socket) => {
    count.accepted += 1;
    count.open += 1;
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => (count.open -= 1));
    t.after(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: server.address().port, count };
}

for (const scheme of ['amqp', 'amqps']) {
  test(`rabbitmq, ${scheme}: attempts to connect to a server that says nothing end`, async (t) => {
    const { port, count } = await silentServer(t);
    const bus = new RabbitMQEventBus(freshName('silent'), { url: `${scheme}://127.0.0.1:${port}`, ...QUIET });
    t.after(() => bus.disconnect());
    await assert.rejects(bus.connect(), /RabbitMQ/);
    await until(() => count.accepted >= 3, 'it tries again', 60_000);
    await until(() => count.open <= 1 && threadsNamed('lapin-io-loop') <= 1, 'earlier attempts have ended');
    await bus.disconnect();
    await until(() => count.open === 0 && threadsNamed('lapin-io-loop') === 0, 'the last one ends too');
  });
}

test('rabbitmq: a broker that is frozen for long leaves one connection', async (t) => {
  const server = await rabbitServer(t);
  const a = await instanceOn(t, 'rabbitmq', server.url, freshName('frozen'), 'a', {});
  server.pause();
  t.after(() => server.resume());
  await a.cache.delete('k');
  await sleep(30_000);
  await until(() => threadsNamed('lapin-io-loop') <= 1, 'those that were given up have ended', 10_000);
  server.resume();
  await until(async () => (await a.bus.healthCheck()).ok, 'it is back', 25_000);
  await until(() => threadsNamed('lapin-io-loop') <= 1, 'one is left', 10_000);
});
