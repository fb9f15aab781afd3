// RabbitMQ is told of handled events together, in the order in which it delivered them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { encodeInvalidationEvent } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { freshName, instanceOn, sharedServers, TRANSPORTS } from './transports.mjs';

const EVENTS = 60_000;
const BATCH = 1000;

const servers = sharedServers();
after(() => servers.end());

test('a storm of events is acknowledged within one session, and none is missed', async (t) => {
  const { url } = await servers.of('rabbitmq');
  const channel = freshName('storm');
  const sender = await instanceOn(t, 'rabbitmq', url, channel, 'sender');
  const receiver = await instanceOn(t, 'rabbitmq', url, channel, 'receiver');
  for (let at = 0; at < EVENTS; at += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, (_, n) => sender.cache.delete(`k${at + n}`)));
  }
  const heard = () => receiver.seen.of('invalidation:received').length;
  const gaps = () => receiver.seen.of('bus:gap');
  await until(() => heard() >= EVENTS || gaps().length > 0, 'all arrive', 60_000);
  assert.deepEqual([heard(), gaps()], [EVENTS, []]);
  assert.equal((await receiver.bus.healthCheck()).connects, 1, 'the broker has ended no session');
});

test('events are handled on although heartbeats come in between', async (t) => {
  const { url } = await servers.of('rabbitmq');
  const { bus: make, raw } = TRANSPORTS.rabbitmq;
  const channel = freshName('between');
  const bus = make(url, channel, { logging: { enabled: false } });
  t.after(() => bus.disconnect());
  let heard = 0;
  await bus.subscribe(() => {
    heard += 1;
  });
  const [events, heartbeats] = [await raw(url, channel), await raw(url, `${channel}.heartbeat`)];
  t.after(() => Promise.all([events.close(), heartbeats.close()]));
  const event = encodeInvalidationEvent({ id: 'e', type: 'del', source: 'p', ts: 1, keys: ['k'] });
  for (let batch = 0; batch < 200; batch += 1) {
    const sent = Array.from({ length: 100 }, (_, n) => (n % 10 === 0 ? heartbeats : events).publish(event));
    await Promise.all(sent);
  }
  await until(() => heard >= 18_000, 'all are handled', 30_000).catch(() => {});
  assert.deepEqual([heard, (await bus.healthCheck()).connects], [18_000, 1]);
});
