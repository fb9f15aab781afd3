// RabbitMQ is told of handled events together, in the order in which it delivered them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../support/deferred.mjs';
import { freshName, instanceOn, sharedServers } from './transports.mjs';

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
