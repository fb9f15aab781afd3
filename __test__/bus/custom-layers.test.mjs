// Events of a bus of ours, applied to layers of the user's: on the thread of JavaScript.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisEventBus } from '../../index.mjs';
import { sharedServer } from '../redis/shared-server.mjs';
import { until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { LockStore } from '../support/lock-store.mjs';
import { MapStore } from '../support/map-store.mjs';
import { freshName } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const { server } = await sharedServer();

async function pair(t, options) {
  const channel = freshName('own');
  const [a, b] = [{}, options].map((given, at) => {
    const eventBus = new RedisEventBus(server.url, channel, QUIET);
    const cache = new LazyLayersCache({ eventBus, source: `i${at}`, ...QUIET, ...given });
    t.after(async () => {
      await cache.close();
      await eventBus.disconnect();
    });
    return { eventBus, cache, seen: record(cache) };
  });
  for (const { eventBus } of [a, b]) {
    await eventBus.connect();
    await until(async () => (await eventBus.healthCheck()).subscribed, 'subscribed');
  }
  return { a, b };
}

test('a custom L1 gets the values of others and loses the keys that they delete', async (t) => {
  const l1 = new MapStore();
  const { a, b } = await pair(t, { l1 });
  await a.cache.getOrSet('k', async () => ({ at: new Date(7) }));
  await until(() => b.seen.of('set:received').length === 1, 'the value arrives');
  assert.deepEqual(await l1.get('k'), { at: new Date(7) });
  await a.cache.delete('k');
  await until(async () => (await l1.get('k')) === undefined, 'the delete arrives');
});

test('a subclass of MemoryStore sees them too', async (t) => {
  const sets = [];
  class Watched extends MemoryStore {
    set(key, value, options) {
      sets.push([key, value]);
      return super.set(key, value, options);
    }
  }
  const { a, b } = await pair(t, { l1: new Watched() });
  await a.cache.getOrSet('k', async () => 'v');
  await until(() => b.seen.of('set:received').length === 1, 'the value arrives');
  assert.deepEqual(sets, [['k', 'v']]);
});

test('a custom L2 loses the keys that others delete: it may not be shared', async (t) => {
  const l2 = new MapStore();
  const { a, b } = await pair(t, { l2 });
  await b.cache.set('k', 'old');
  await b.cache.set('other', 'kept');
  await a.cache.delete('k');
  await until(() => b.seen.of('invalidation:received').length === 1, 'the delete arrives');
  await until(async () => (await l2.get('k')) === undefined, 'it is gone');
  assert.equal(await l2.get('other'), 'kept');
  assert.equal(await b.cache.get('k'), undefined);
});

test('a thread that is busy for a while applies all that came meanwhile, or starts afresh', async (t) => {
  const l1 = new MapStore();
  const { a, b } = await pair(t, { l1 });
  const count = 15_000;
  await b.cache.set('last', 'old');
  const sent = Array.from({ length: count }, (_, at) => a.cache.delete(`k${at}`));
  const end = Date.now() + 1500;
  // Nothing is taken from the queue meanwhile; the promises above are answered afterwards.
  while (Date.now() < end);
  await Promise.all([...sent, a.cache.delete('last')]);
  await until(async () => (await l1.get('last')) === undefined, 'nothing old is left', 20_000);
});

test('a value that is asked for by inspection, or lives in a store of several caches, is read', async (t) => {
  const l1 = new MemoryStore();
  const { a, b } = await pair(t, { l1 });
  const other = new LazyLayersCache({ l1 });
  await a.cache.getOrSet('k', async () => ({ a: 1 }));
  await until(() => b.seen.of('set:received').length === 1, 'the value arrives');
  const { keys } = await l1.inspect({ values: true });
  assert.deepEqual(
    keys.map(({ key, value }) => [key, value]),
    [['k', { a: 1 }]],
  );
  assert.deepEqual(await other.get('k'), { a: 1 });
  await other.set('k', 2);
  await a.cache.delete('k');
  await until(async () => (await other.get('k')) === undefined, 'the delete reaches both');
});

test('who waits for the lock of another is given the value that arrives by the bus', async (t) => {
  const l2 = new LockStore();
  l2.locks.set('k', 'the lock of another instance');
  const { a, b } = await pair(t, { l2, distributedLock: { enabled: true, waitTimeoutMs: 30_000, pollMs: 5 } });
  // A value that nobody listens for is read from its bytes by whom it is given to.
  b.seen.stop();
  const waiting = b.cache.getOrSet('k', () => 'loaded by the one that waits');
  await until(() => l2.acquired.length > 0, 'the lock is asked for');
  await a.cache.getOrSet('k', async () => ({ at: new Date(7) }));
  assert.deepEqual(await waiting, { at: new Date(7) });
});
