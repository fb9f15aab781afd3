// Work that is queued for the thread while it is inside a call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisEventBus } from '../index.mjs';
import { runFixture } from './support/run-node.mjs';
import { freePort } from './support/servers/process.mjs';
import { redisServer } from './support/servers/redis.mjs';

test(
  'a cache that is made on a bus that is down does not hold up a load of another',
  { timeout: 30_000 },
  async (t) => {
    const bus = new RedisEventBus(`redis://127.0.0.1:${await freePort()}`, 'channel');
    t.after(() => bus.disconnect());
    await bus.connect().catch(() => {});
    const cache = new LazyLayersCache({ timeouts: { hardMs: 300 } });
    const load = cache.getOrSet('k', () => new Promise(() => {}));
    const other = new LazyLayersCache({ eventBus: bus });
    t.after(() => other.close());
    await assert.rejects(load, { code: 'LOADER_HARD_TIMEOUT' });
  },
);

test("a cache over a store of the user's that is dropped while an event waits for it keeps no process alive", async (t) => {
  const server = await redisServer(t);
  const sender = new RedisEventBus(server.url, 'dropped');
  t.after(() => sender.disconnect());
  await sender.connect();
  const onOutput = () => sender.publish({ id: '1', type: 'del', source: 'another', ts: Date.now(), keys: ['k'] });
  const { code, timedOut, stderr } = await runFixture('dropped-with-event.mjs', [server.url, 'dropped'], {
    flags: ['--expose-gc'],
    deadlineMs: 20_000,
    onOutput,
  });
  assert.equal(timedOut, false, 'the process did not end');
  assert.equal(code, 0, stderr);
});
