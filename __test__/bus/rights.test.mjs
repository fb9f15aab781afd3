// Users with rights to the documented name alone: a bus does without heartbeats, which have a name of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Redis from 'ioredis';
import { connect } from 'nats';
import { LazyLayersCache, NatsEventBus, RabbitMQEventBus, RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { rabbitServer } from '../support/servers/rabbitmq.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const QUIET = { logging: { enabled: false } };
const NAME = 'documented';
/** Longer than a session whose heartbeats do not come back may last. */
const A_WHILE_MS = 6000;

const natsAs = (t, permissions) =>
  natsServer(t, `authorization { users: [ { user: some, password: secret, permissions: { ${permissions} } } ] }`);
const NATS_LOGIN = (server) => ({ servers: server.url, user: 'some', pass: 'secret' });

/** Each starts a server with a user of few rights, and returns how to make a bus of that user. */
const RESTRICTED = {
  redis: async (t) => {
    const { url } = await redisServer(t);
    const admin = new Redis(url);
    await admin.call('ACL', 'SETUSER', 'some', 'on', '>secret', '+@all', '~*', 'resetchannels', `&${NAME}`);
    await admin.quit();
    const login = url.replace('redis://', 'redis://some:secret@');
    return () => new RedisEventBus(login, NAME, QUIET);
  },
  rabbitmq: async (t) => {
    const rights = ['configure', 'read', 'write'].map(
      (right) => `default_permissions.${right} = ^(${NAME}|amq\\.gen.*)$`,
    );
    const server = await rabbitServer(t, ['default_user = some', 'default_pass = secret', ...rights, ''].join('\n'));
    const url = server.url.replace('guest:guest', 'some:secret');
    return () => new RabbitMQEventBus(NAME, { url, ...QUIET });
  },
  nats: async (t) => {
    const server = await natsAs(t, `publish: ["${NAME}"], subscribe: ["${NAME}"]`);
    return () => new NatsEventBus({ connectionOptions: NATS_LOGIN(server), subject: NAME, ...QUIET });
  },
  jetstream: async (t) => {
    const server = await natsAs(t, `publish: ["${NAME}", "$JS.API.>", "$JS.ACK.>"], subscribe: ["_INBOX.>"]`);
    const options = { mode: 'jetstream', connectionOptions: NATS_LOGIN(server), subject: NAME, ...QUIET };
    return (durableName) => new NatsEventBus({ ...options, jetstream: { stream: 'S', durableName } });
  },
};

for (const [transport, start] of Object.entries(RESTRICTED)) {
  test(`${transport}: rights for the documented name are enough`, async (t) => {
    const makeBus = await start(t);
    const [near, far] = ['near', 'far'].map((source) => {
      const eventBus = makeBus(source);
      const cache = new LazyLayersCache({ eventBus, source, ...QUIET });
      const told = [];
      cache.on((event) => {
        if (event.type === 'bus:gap' || event.type === 'bus:status') told.push(`${event.type} ${event.status ?? ''}`);
      });
      t.after(async () => {
        await cache.close();
        await eventBus.disconnect();
      });
      return { cache, eventBus, told };
    });
    for (const { eventBus } of [near, far]) {
      await eventBus.connect();
      await until(async () => (await eventBus.healthCheck()).subscribed, 'subscribed');
    }
    await far.cache.set('kept', 1);
    await sleep(200);
    for (const { told } of [near, far]) told.length = 0;
    await sleep(A_WHILE_MS);
    await far.cache.set('a', 1);
    await near.cache.delete('a');
    await until(async () => (await far.cache.get('a')) === undefined, 'it hears of it');
    assert.equal(await far.cache.get('kept'), 1, 'nothing else is lost');
    assert.deepEqual([near.told, far.told], [[], []]);
    for (const { eventBus } of [near, far]) {
      const { ok, connects, heartbeats } = await eventBus.healthCheck();
      assert.deepEqual({ ok, connects, heartbeats }, { ok: true, connects: 1, heartbeats: false });
    }
  });
}

/** A cache on a bus over a connection of a user of few rights. */
async function givenAs(t, permissions) {
  const connection = await connect(NATS_LOGIN(await natsAs(t, permissions)));
  const eventBus = new NatsEventBus({ connection, subject: NAME, ...QUIET });
  const cache = new LazyLayersCache({ eventBus, source: 'given', ...QUIET });
  t.after(async () => {
    await cache.close();
    await eventBus.disconnect();
    await connection.close();
  });
  await until(async () => (await eventBus.healthCheck()).subscribed, 'subscribed');
  return { eventBus, cache, seen: record(cache) };
}

test('nats: over a given connection, it is told that events may not be sent', async (t) => {
  const { cache, seen } = await givenAs(t, `publish: ["_INBOX.>"], subscribe: ["${NAME}"]`);
  await cache.delete('k');
  const told = () => seen.of('bus:status').find(({ status }) => status === 'disconnected');
  const { error } = await until(told, 'it is told');
  assert.match(error.message, /may not publish to "documented"/);
});

test('nats: a given connection does without heartbeats that may be heard but not sent', async (t) => {
  const rights = `publish: ["${NAME}"], subscribe: ["${NAME}", "${NAME}.heartbeat"]`;
  const { cache, eventBus } = await givenAs(t, rights);
  await cache.delete('k');
  await until(async () => (await eventBus.healthCheck()).heartbeats === false, 'it is noticed');
  const { ok, connects } = await eventBus.healthCheck();
  assert.deepEqual({ ok, connects }, { ok: true, connects: 1 });
});
