// How a bus tells that it is: connected first, never by a rejection.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import Redis from 'ioredis';
import { NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const servers = sharedServers();
after(() => servers.end());

const COUNTS = { queued: 0, dropped: 0, unreadable: 0, missed: 0, connects: 1 };
/** The health of each transport beside the counts, before and after somebody has subscribed. */
const ABOUT = {
  redis: (channel, _url, subscribed) => ({
    channel,
    publisherStatus: 'ready',
    subscriberStatus: subscribed ? 'ready' : 'wait',
  }),
  rabbitmq: (exchange, _url, subscribed, queueName) => ({
    exchange,
    queueName: subscribed ? queueName : null,
    durable: false,
    initialized: true,
  }),
  nats: (subject, url) => ({ mode: 'core', subject, server: new URL(url).host, stream: null, durableName: null }),
  jetstream: (subject, url, _subscribed, _queue, durableName) => ({
    mode: 'jetstream',
    subject,
    server: new URL(url).host,
    stream: `S_${subject}`,
    durableName,
  }),
};

for (const transport of Object.keys(ABOUT)) {
  describe(transport, () => {
    test('a bus that was never used is connected, and tells its address', async (t) => {
      const { url } = await servers.of(transport);
      const channel = freshName('health');
      const instance = freshName('i');
      const bus = TRANSPORTS[transport].bus(url, channel, { instance, ...QUIET });
      t.after(() => bus.disconnect());
      const { name } = TRANSPORTS[transport];
      const about = (subscribed, queue) => ABOUT[transport](channel, url, subscribed, queue, instance);
      const before = await bus.healthCheck();
      assert.deepEqual(before, { ok: true, transport: name, subscribed: false, ...about(false), ...COUNTS });
      await bus.subscribe(() => {});
      const after = await bus.healthCheck();
      assert.deepEqual(after, {
        ok: true,
        transport: name,
        subscribed: true,
        ...about(true, after.queueName),
        ...COUNTS,
      });
      if (transport === 'rabbitmq') assert.match(after.queueName, /^amq\.gen/);
      await bus.disconnect();
      assert.equal((await bus.healthCheck()).ok, true, 'and connected again');
    });
  });
}

test('nats: it says that it listens once the server knows, not when that has left', async (t) => {
  const { port, url } = await servers.of('nats');
  const [asked, held] = [deferred(), deferred()];
  const proxy = await proxyTo(t, port);
  proxy.onRequest = (chunk) => {
    if (!/^SUB /m.test(chunk)) return undefined;
    asked.resolve();
    return held.promise;
  };
  const subject = freshName('late');
  const bus = TRANSPORTS.nats.bus(`127.0.0.1:${proxy.port}`, subject, QUIET);
  const other = TRANSPORTS.nats.bus(url, subject, QUIET);
  t.after(() => Promise.all([bus.disconnect(), other.disconnect()]));
  await Promise.all([bus.connect(), other.connect()]);
  const heard = [];
  const subscribed = bus.subscribe((event) => void heard.push(event.id));
  await asked.promise;
  for (let time = 0; time < 20; time += 1) assert.equal((await bus.healthCheck()).subscribed, false);
  held.resolve();
  await subscribed;
  await other.publish({ id: 'first', type: 'del', source: 'me', ts: 1, keys: ['k'] });
  await until(() => heard.length > 0, 'it hears what is sent from then on');
});

const NOWHERE = {
  redis: () => new RedisEventBus('redis://127.0.0.1:1', 'c', QUIET),
  rabbitmq: () => new RabbitMQEventBus('e', { url: 'amqp://127.0.0.1:1', ...QUIET }),
  nats: () => new NatsEventBus({ connectionOptions: { servers: '127.0.0.1:1' }, ...QUIET }),
  'a client that fails': () =>
    new RedisEventBus(
      { publish: async () => 0, duplicate: () => ({}), ping: () => Promise.reject(new Error('no')) },
      'c',
      QUIET,
    ),
  'a connection that is closed': () =>
    new NatsEventBus({ connection: { publish() {}, subscribe() {}, isClosed: () => true }, ...QUIET }),
};

for (const [what, make] of Object.entries(NOWHERE)) {
  test(`a bus that cannot connect says so with an Error: ${what}`, async (t) => {
    const bus = make();
    t.after(() => bus.disconnect());
    const health = await bus.healthCheck();
    assert.equal(health.ok, false);
    assert.ok(health.error instanceof Error, `${health.error}`);
  });
}

test('a bus on RabbitMQ without a URL says so, and has nothing to disconnect', async () => {
  const bus = new RabbitMQEventBus('e');
  const health = await bus.healthCheck();
  assert.deepEqual(
    [health.ok, health.transport, health.initialized, health.queueName],
    [false, 'rabbitmq', false, null],
  );
  assert.match(health.error.message, /URL/);
  await assert.rejects(bus.connect(), /URL/);
  await bus.disconnect();
});

test('disconnecting leaves the client that was given open', async (t) => {
  const { url } = await servers.of('redis');
  const client = new Redis(url);
  t.after(() => client.disconnect());
  const bus = new RedisEventBus(client, freshName('given'), QUIET);
  await bus.subscribe(() => {});
  await bus.disconnect();
  assert.equal(await client.ping(), 'PONG');
  await until(() => client.status === 'ready', 'it is open');
});
