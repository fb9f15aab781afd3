// A loaded value that goes to the second layer and to the bus is packed for both at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { sharedServer } from '../redis/shared-server.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { freshName } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const { server } = await sharedServer();

async function pair(t, options) {
  const name = freshName('packed');
  const caches = [0, 1].map(() => {
    const eventBus = new RedisEventBus(server.url, name, QUIET);
    const l2 = new RedisStore(server.url, { prefix: `${name}:` });
    const cache = new LazyLayersCache({ l2, eventBus, ...QUIET, ...options });
    t.after(async () => {
      await cache.close();
      await eventBus.disconnect();
      await l2.disconnect?.();
    });
    return { cache, eventBus, seen: record(cache) };
  });
  for (const { eventBus } of caches) {
    await eventBus.connect();
    await until(async () => (await eventBus.healthCheck()).subscribed, 'subscribed');
  }
  return caches;
}

/** A value that counts how often it is read. */
function counting() {
  const value = {
    reads: 0,
    get field() {
      this.reads++;
      return 'v';
    },
  };
  Object.defineProperty(value, 'reads', { enumerable: false });
  return value;
}

for (const [name, options] of [
  ['', {}],
  [' under a lock', { distributedLock: { enabled: true } }],
  [' with a limit of bytes', { broadcastSetMaxBytes: 10_000 }],
]) {
  test(`a loaded value is packed once for Redis and the bus${name}`, async (t) => {
    const [a, b] = await pair(t, options);
    const value = counting();
    await a.cache.getOrSet('k', async () => value);
    await until(() => b.seen.of('set:received').length === 1, 'the value arrives');
    assert.equal(value.reads, 1);
    assert.deepEqual(await b.cache.get('k'), { field: 'v' });
  });
}
