// RabbitMQ is told of handled events together, in the order in which it delivered them.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const EVENTS = 60_000;
const BATCH = 1000;

const servers = sharedServers();
after(() => servers.end());

test('a storm of events is acknowledged within one session, and none is missed', async (t) => {
  const { url } = await servers.of('rabbitmq');
  const channel = freshName('storm');
  const [sender, receiver] = ['sender', 'receiver'].map((source) => {
    const bus = TRANSPORTS.rabbitmq.bus(url, channel, QUIET);
    const cache = new LazyLayersCache({ eventBus: bus, source, subscribeToEvents: source === 'receiver', ...QUIET });
    t.after(async () => {
      await cache.close();
      await bus.disconnect();
    });
    return { bus, cache };
  });
  let heard = 0;
  const gaps = [];
  receiver.cache.on(() => void heard++, { types: ['invalidation:received'] });
  receiver.cache.on((event) => gaps.push(event), { types: ['bus:gap'] });
  await Promise.all([sender, receiver].map(({ bus }) => bus.connect()));
  await until(async () => (await receiver.bus.healthCheck()).subscribed, 'subscribed');
  for (let at = 0; at < EVENTS; at += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, (_, n) => sender.cache.delete(`k${at + n}`)));
  }
  await until(() => heard >= EVENTS || gaps.length > 0, 'all arrive', 60_000);
  assert.deepEqual([heard, gaps], [EVENTS, []]);
  assert.equal((await receiver.bus.healthCheck()).connects, 1, 'the broker has ended no session');
});
