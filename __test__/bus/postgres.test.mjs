// The example of a transport, on a real PostgreSQL that is restarted and cut off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { PostgresEventBus } from '../../examples/postgres-transport.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { postgresServer } from '../support/servers/postgres.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';

const QUIET = { logging: { enabled: false } };

function cacheAt(t, url, source) {
  const bus = new PostgresEventBus({ connectionString: url, ...QUIET });
  const cache = new LazyLayersCache({ name: 'users', eventBus: bus, source, ...QUIET });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  return { bus, cache, seen: record(cache) };
}

const isListening = (bus) => until(async () => (await bus.healthCheck()).subscribed, 'it listens');

test('after a restart of PostgreSQL L1 is emptied, and the events of the outbox arrive in order', async (t) => {
  const server = await postgresServer(t);
  const proxy = await proxyTo(t, server.port);
  const [sender, receiver] = [
    cacheAt(t, server.url.replace(`:${server.port}`, `:${proxy.port}`), 'sender'),
    cacheAt(t, server.url, 'receiver'),
  ];
  await Promise.all([isListening(sender.bus), isListening(receiver.bus)]);
  await sender.cache.delete('known');
  await until(() => receiver.seen.of('invalidation:received').length === 1, 'they hear each other');
  for (const { cache } of [sender, receiver]) await cache.set('kept', 1);

  await server.stop();
  proxy.refuses = true;
  await until(async () => !(await sender.bus.healthCheck()).ok, 'the sender is cut off');
  for (const key of ['a', 'b', 'c']) await sender.cache.delete(key);
  assert.equal((await sender.bus.healthCheck()).queued, 3);
  await server.start();
  await until(() => receiver.seen.of('bus:gap').length > 0, 'the receiver is back, and notices the gap');
  await isListening(receiver.bus);
  assert.equal(await receiver.cache.get('kept'), undefined);

  proxy.refuses = false;
  const received = () => receiver.seen.of('invalidation:received').map(({ event }) => event.keys[0]);
  await until(() => received().length >= 4, 'what waited arrives');
  // After them come those that were sent right before the outage, once more.
  assert.deepEqual(received().slice(0, 4), ['known', 'a', 'b', 'c']);
  await until(() => sender.seen.of('bus:gap').length > 0, 'the sender may have missed something, too');
  assert.equal(await sender.cache.get('kept'), undefined);
  // An event may arrive before the sender knows that it was sent.
  await until(async () => (await sender.bus.healthCheck()).queued === 0, 'nothing waits any more');
});

test('values that no notification holds are not sent, and deletes of too many keys empty L1', async (t) => {
  const server = await postgresServer(t);
  const [sender, receiver] = ['sender', 'receiver'].map((source) => cacheAt(t, server.url, source));
  await Promise.all([isListening(sender.bus), isListening(receiver.bus)]);
  await sender.cache.delete('known');
  await until(() => receiver.seen.of('invalidation:received').length === 1, 'they hear each other');
  await sender.cache.getOrSet('large', () => Array.from({ length: 1000 }, () => Math.random()));
  await sender.cache.getOrSet('small', () => 'value');
  await until(() => receiver.seen.of('set:received').length === 1, 'the small one arrives');
  assert.equal(sender.seen.of('set:broadcast-skipped')[0].maxBytes, 5997);
  await receiver.cache.set('kept', 1);
  const keys = Array.from({ length: 1000 }, () => `user:${Math.random()}`);
  const event = { id: 'many', type: /** @type {const} */ ('del'), source: 'sender', ts: Date.now(), keys };
  await assert.rejects(sender.bus.publish(event), /more than 5997/);
  await until(() => receiver.seen.of('bus:gap').length > 0, 'the one that was refused is missed');
  assert.equal(await receiver.cache.get('kept'), undefined);
});
