// Buses over given clients, which are driven: they number events, send heartbeats and notice gaps.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import Redis from 'ioredis';
import { connect } from 'nats';
import { busContract } from '../../entry/testing.mjs';
import { LazyLayersCache, NatsEventBus, RedisEventBus } from '../../index.mjs';
import { standIn } from '../redis/kinds.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { natsServer } from '../support/servers/nats.mjs';
import { redisWithClient } from '../support/servers/redis.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const servers = sharedServers();
after(() => servers.end());

/** Makes a bus over a given client of a server. */
const GIVEN = {
  redis: (t, { port }, channel) => {
    const client = new Redis(port);
    client.on('error', () => {});
    t.after(() => client.disconnect());
    return new RedisEventBus(standIn(client), channel, QUIET);
  },
  nats: async (t, server, subject) => {
    const connection = await connectionTo(t, server);
    return new NatsEventBus({ connection, subject, ...QUIET });
  },
};

async function connectionTo(t, { url }) {
  const connection = await connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  t.after(() => connection.close());
  return connection;
}

/** The same with a stream, each bus with a consumer of its own. */
async function streamOf(t, server, subject, { connection, ...jetstream } = {}) {
  connection ??= await connectionTo(t, server);
  const all = { stream: `S_${subject}`, durableName: freshName('d'), ...jetstream };
  return new NatsEventBus({ mode: 'jetstream', connection, subject, jetstream: all, ...QUIET });
}

for (const [kind, make] of Object.entries({ ...GIVEN, jetstream: streamOf })) {
  describe(`${kind} by a given client`, () => {
    let world;
    const factory = async () => make(world.t, await servers.of(kind), world.channel);
    for (const { name, run } of busContract(factory, { isDurable: kind === 'jetstream' })) {
      test(name, (t) => {
        world = { t, channel: freshName('contract') };
        return run();
      });
    }
  });
}

function cacheOn(t, bus, source) {
  const cache = new LazyLayersCache({ eventBus: bus, source, ...QUIET });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  return { bus, cache, seen: record(cache) };
}

const isListening = (bus) => until(async () => (await bus.healthCheck()).subscribed, 'it listens');

for (const [transport, make] of Object.entries(GIVEN)) {
  test(`${transport}: events over a given client are numbered, and builtin buses hear its heartbeats`, async (t) => {
    const server = await servers.of(transport);
    const channel = freshName('given');
    const given = cacheOn(t, await make(t, server, channel), 'given');
    await isListening(given.bus);
    const raw = await TRANSPORTS[transport].raw(server.url, channel);
    const beats = await TRANSPORTS[transport].raw(
      server.url,
      `${channel}${transport === 'redis' ? ':' : '.'}heartbeat`,
    );
    t.after(() => Promise.all([raw.close(), beats.close()]));
    const [events, heartbeats] = [[], []];
    await raw.listen((payload) => events.push(payload.toString('latin1')));
    await beats.listen((payload) => heartbeats.push(payload.toString('latin1')));
    await given.cache.delete('k');
    await until(() => events.length === 1 && heartbeats.length > 0, 'both are sent');
    assert.match(events[0], /publisher.*sequence/);
    assert.match(heartbeats[0], /publisher.*sequence.*beat/);
    const { heartbeats: rights } = await given.bus.healthCheck();
    assert.notEqual(rights, false);
  });

  test(`${transport}: a given client notices that an event of a builtin bus is missing`, async (t) => {
    const server = await servers.of(transport);
    const channel = freshName('given');
    const given = cacheOn(t, await make(t, server, channel), 'given');
    const builtin = cacheOn(t, TRANSPORTS[transport].bus(server.url, channel, QUIET), 'builtin');
    await Promise.all([isListening(given.bus), isListening(builtin.bus)]);
    await builtin.cache.delete('known');
    await until(() => given.seen.of('invalidation:received').length === 1, 'it is heard');
    await given.cache.set('kept', 1);
    const raw = await TRANSPORTS[transport].raw(server.url, channel);
    t.after(() => raw.close());
    // As if one of the same publisher had been lost before it.
    const sent = [];
    await raw.listen((payload) => sent.push(payload));
    await builtin.cache.delete('next');
    await until(() => sent.length === 1, 'it is heard');
    const later = Buffer.from(sent[0]);
    later[later.indexOf('sequence') + 8] += 5;
    await raw.publish(later);
    await until(() => given.seen.of('bus:gap').length === 1, 'the gap is told');
    assert.equal(await given.cache.get('kept'), undefined);
  });
}

test('redis: a driven client that has subscribed again by itself may have missed something', async (t) => {
  const { server, client } = await redisWithClient(t);
  const { bus, cache, seen } = cacheOn(t, GIVEN.redis(t, server, 'given'), 'given');
  await isListening(bus);
  await cache.set('kept', 1);
  await client.client('KILL', 'TYPE', 'pubsub');
  await until(() => seen.of('bus:gap').length > 0, 'the gap is told');
  assert.equal(await cache.get('kept'), undefined);
  await isListening(bus);
});

test('nats: an injected connection that was lost and is there again may have missed something', async (t) => {
  const server = await natsServer(t);
  const { bus, cache, seen } = cacheOn(t, await GIVEN.nats(t, server, 'given'), 'given');
  await isListening(bus);
  await cache.set('kept', 1);
  await server.kill();
  await until(() => seen.of('bus:status').some(({ status }) => status === 'disconnected'), 'it is down');
  await cache.delete('meanwhile');
  assert.equal((await bus.healthCheck()).ok, false);
  await server.start();
  await until(() => seen.of('bus:gap').length > 0, 'the gap is told');
  assert.equal(await cache.get('kept'), undefined);
  await until(async () => (await bus.healthCheck()).queued === 0, 'what waited is sent');
});

test('nats: an event that is too large is refused alone, and nobody waits behind it', async (t) => {
  const server = await servers.of('nats');
  const bus = await GIVEN.nats(t, server, freshName('given'));
  t.after(() => bus.disconnect());
  const event = (id, keys) => ({ id, type: /** @type {const} */ ('del'), source: 'me', ts: 1, keys });
  const large = [randomBytes(2_000_000).toString('base64')];
  await assert.rejects(
    bus.publish(event('1', large)),
    /^Error: lazy-layers-cache: the event is too large for NATS: .*max_payload/,
  );
  await bus.publish(event('2', ['k']));
  const { queued, dropped, connects } = await bus.healthCheck();
  assert.deepEqual([queued, dropped, connects], [0, 1, 1]);
});

/** Other instances make the stream again, but not the consumer of this one. */
const REMOVED = {
  'is deleted': ({ consumers }, stream) => consumers.delete(stream, 'given'),
  'goes with its stream': ({ streams }, stream) => streams.delete(stream),
};

for (const [what, remove] of Object.entries(REMOVED)) {
  test(`jetstream: over a given connection, a consumer that ${what} is made again`, async (t) => {
    const server = await servers.of('jetstream');
    const subject = freshName('removed');
    // The files of a stream may still be being deleted when it is made again.
    const jetstream = { storage: 'memory' };
    const builtin = cacheOn(t, TRANSPORTS.jetstream.bus(server.url, subject, { jetstream, ...QUIET }), 'builtin');
    await isListening(builtin.bus);
    const given = cacheOn(t, await streamOf(t, server, subject, { durableName: 'given', ...jetstream }), 'given');
    await isListening(given.bus);
    await given.cache.set('kept', 1);
    const connection = await connectionTo(t, server);
    await remove(await connection.jetstreamManager(), `S_${subject}`);
    const hears = async () => {
      await builtin.cache.delete('again');
      return given.seen.of('invalidation:received').some(({ event }) => event.keys[0] === 'again');
    };
    await until(hears, 'events arrive again');
    const reasons = given.seen.of('bus:gap').map(({ reason }) => reason);
    assert.deepEqual(reasons, ['resubscribed']);
    assert.equal(await given.cache.get('kept'), undefined);
  });
}

test('jetstream: over a given connection, no event goes to a request that an earlier session has left', async (t) => {
  const server = await servers.of('jetstream');
  const subject = freshName('left');
  const make = async () => cacheOn(t, await streamOf(t, server, subject, { durableName: 'given' }), 'given');
  const earlier = await make();
  await isListening(earlier.bus);
  await earlier.cache.close();
  await earlier.bus.disconnect();
  const raw = await connectionTo(t, server);
  const left = raw.subscribe('left');
  const request = JSON.stringify({ batch: 10, expires: 3_000_000_000 });
  raw.publish(`$JS.API.CONSUMER.MSG.NEXT.S_${subject}.given`, request, { reply: 'left' });
  await raw.flush();
  const given = await make();
  await isListening(given.bus);
  const builtin = cacheOn(t, TRANSPORTS.jetstream.bus(server.url, subject, QUIET), 'builtin');
  await builtin.cache.delete('k');
  await until(() => given.seen.of('invalidation:received').length > 0, 'it arrives');
  // No more than the word that it has expired.
  assert.equal(left.getPending(), 1);
});

test('jetstream: buses that have one durable name by mistake begin all the same', async (t) => {
  const server = await servers.of('jetstream');
  const subject = freshName('same');
  const builtin = () => TRANSPORTS.jetstream.bus(server.url, subject, { instance: 'same', ...QUIET });
  for (const make of [builtin, () => streamOf(t, server, subject, { durableName: 'same' }), builtin]) {
    const { bus } = cacheOn(t, await make(), freshName('i'));
    await isListening(bus);
    assert.equal((await bus.healthCheck()).connects, 1);
  }
});

test('jetstream: a given connection by which no events can be asked for counts as lost', async (t) => {
  const server = await servers.of('jetstream');
  const connection = await connectionTo(t, server);
  const given = cacheOn(t, await streamOf(t, server, freshName('unasked'), { connection }), 'given');
  await isListening(given.bus);
  const publish = connection.publish.bind(connection);
  connection.publish = (subject, ...rest) => {
    if (!subject.includes('.CONSUMER.MSG.NEXT.')) publish(subject, ...rest);
  };
  await until(() => given.seen.of('bus:status').some(({ status }) => status === 'disconnected'), 'it is noticed');
  const { message } = given.seen.of('bus:status').find(({ status }) => status === 'disconnected').error;
  assert.match(message, /does not hand out events/);
});
