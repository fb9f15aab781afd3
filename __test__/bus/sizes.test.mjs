// Events beyond the limits of a broker.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { connect as connectNats } from 'nats';
import { NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';

const QUIET = { logging: { enabled: false } };
const event = (id, value) => ({ id, type: 'set', source: 'x', ts: 1, keys: [id], value });

/** Sends a large event between others: it alone is refused, and nothing waits for it. */
async function refusesTheLargeOne(bus, bytes, receiver = bus) {
  const heard = [];
  await receiver.subscribe(({ id }) => void heard.push(id));
  const sent = [event('before', 'x'), event('large', randomBytes(bytes)), event('after', 'y')].map((one) =>
    bus.publish(one),
  );
  const [, large] = await Promise.allSettled(sent);
  assert.equal(large.status, 'rejected');
  await until(() => ['before', 'after'].every((id) => heard.includes(id)), 'the others arrive', 20_000);
  await until(async () => (await bus.healthCheck()).queued === 0, 'nothing waits', 20_000);
  assert.equal(heard.includes('large'), false);
  assert.equal((await bus.healthCheck()).dropped, 1);
}

/** The same over Redis, where the subscription of the publisher ends with the connection that carries the large event. */
async function redisRefusesTheLargeOne(t, server, url) {
  const bus = new RedisEventBus(url, 'sizes', QUIET);
  const receiver = new RedisEventBus(server.url, 'sizes', QUIET);
  t.after(() => Promise.all([bus.disconnect(), receiver.disconnect()]));
  await refusesTheLargeOne(bus, 2_000_000, receiver);
}

test('rabbitmq: an event above max_message_size', async (t) => {
  const server = await rabbitServer(t, 'max_message_size = 100000\n');
  const bus = new RabbitMQEventBus('sizes', { url: server.url, ...QUIET });
  t.after(() => bus.disconnect());
  await refusesTheLargeOne(bus, 200_000);
});

/** How a bus on a stream reaches its server. */
const WAYS = {
  'jetstream: an event above max_msg_size': ({ url }) => ({ connectionOptions: { servers: url } }),
  'jetstream: an event above max_msg_size over a given connection': (_, connection) => ({ connection }),
};

for (const [name, way] of Object.entries(WAYS)) {
  test(name, async (t) => {
    const server = await natsServer(t);
    const connection = await connectNats({ servers: server.url });
    t.after(() => connection.close());
    const { streams } = await connection.jetstreamManager();
    await streams.add({ name: 'SMALL', subjects: ['sizes'], max_msg_size: 1000 });
    const jetstream = { stream: 'SMALL', durableName: 'me' };
    const bus = new NatsEventBus({
      mode: 'jetstream',
      subject: 'sizes',
      jetstream,
      ...way(server, connection),
      ...QUIET,
    });
    t.after(() => bus.disconnect());
    await refusesTheLargeOne(bus, 2000);
    assert.equal((await bus.healthCheck()).connects, 1);
  });
}

test('redis: an event above proto-max-bulk-len', async (t) => {
  const server = await redisServer(t, ['--proto-max-bulk-len', '1mb']);
  await redisRefusesTheLargeOne(t, server, server.url);
});

test('redis: an event that ends each connection before the reason arrives', async (t) => {
  const server = await redisServer(t);
  const proxy = await proxyTo(t, server.port);
  proxy.mostBytes = 1_000_000;
  await redisRefusesTheLargeOne(t, server, proxy.url);
});

test('an event above all bounds is refused before it is sent', async (t) => {
  const server = await redisServer(t);
  const bus = new RedisEventBus(server.url, 'sizes', QUIET);
  t.after(() => bus.disconnect());
  await assert.rejects(
    bus.publish(event('huge', Buffer.alloc(65 << 20))),
    /the event is too large for the event bus: 68157\d+ bytes, more than 67108864/,
  );
  await bus.publish(event('small', 1));
});
