import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisStore } from '../index.mjs';
import { heldLoader, isPending, pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { LockStore } from './support/lock-store.mjs';
import { MapStore } from './support/map-store.mjs';

const distributedLock = { enabled: true, ttlMs: 10_000, waitTimeoutMs: 60_000, pollMs: 5 };

/** Two instances over one shared L2. */
function pair(options = {}, l2 = new LockStore()) {
  const lock = { ...distributedLock, ...options };
  const make = () => new LazyLayersCache({ l2, distributedLock: lock });
  return { l2, one: make(), two: make() };
}

test('the winner of the lock loads and the others get its value', async () => {
  const { one, two } = pair();
  const loader = heldLoader();
  const first = one.getOrSet('k', loader);
  await loader.called;
  const second = two.getOrSet('k', () => assert.fail('the loser loaded'));
  await pass(20);
  assert.equal(await isPending(second), true);
  loader.resolve('v');
  assert.equal(await first, 'v');
  assert.equal(await second, 'v');
});

test("a loser keeps the winner's value in its own L1", async () => {
  const { l2, one, two } = pair();
  const loader = heldLoader();
  const first = one.getOrSet('k', loader);
  await loader.called;
  const second = two.getOrSet('k', () => 'not used');
  await turns();
  loader.resolve('v');
  await Promise.all([first, second]);
  l2.calls.length = 0;
  assert.equal(await two.get('k'), 'v');
  assert.deepEqual(l2.callsOf('get'), []);
});

test('when the wait ends a loser loads itself', async () => {
  const { one, two } = pair({ waitTimeoutMs: 25 });
  const loader = heldLoader();
  const first = one.getOrSet('k', loader);
  await loader.called;
  assert.equal(await two.getOrSet('k', () => 'loaded by the loser'), 'loaded by the loser');
  loader.resolve('v');
  await first;
});

test('the lock is asked for by key, token and ttlMs, and given back by its token', async () => {
  const { l2, one } = pair({ ttlMs: 1_234 });
  await one.getOrSet('k', () => 1);
  await until(() => l2.released.length === 1);
  assert.equal(l2.acquired.length, 1);
  const [{ key, token, ttlMs }] = l2.acquired;
  assert.equal(key, 'k');
  assert.equal(typeof token, 'string');
  assert.ok(token.length > 0);
  assert.equal(ttlMs, 1_234);
  assert.deepEqual(l2.released, [{ key, token }]);
});

test('without ttlMs the lock is asked for ten seconds', async () => {
  const l2 = new LockStore();
  const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true } });
  await cache.getOrSet('k', () => 1);
  assert.equal(l2.acquired[0].ttlMs, 10_000);
});

test('each load asks with a token of its own', async () => {
  const { l2, one, two } = pair();
  for (const key of ['a', 'b']) await one.getOrSet(key, () => 1);
  for (const key of ['c', 'd']) await two.getOrSet(key, () => 1);
  assert.equal(new Set(l2.acquired.map((lock) => lock.token)).size, 4);
});

test('the value is in L2 before the lock is given back', async () => {
  const { l2, one } = pair();
  const write = l2.hold('set');
  const caller = one.getOrSet('k', () => 'v');
  await write.reached;
  await turns();
  assert.deepEqual(l2.released, []);
  write.release();
  await caller;
  await until(() => l2.released.length === 1);
});

test('the lock is given back when the loader fails', async () => {
  const { l2, one } = pair();
  await one.getOrSet('k', () => Promise.reject(new Error('no'))).catch(() => {});
  await until(() => l2.released.length === 1);
  assert.equal(l2.locks.size, 0);
});

test('the lock is given back when the loader finds nothing', async () => {
  const { l2, one } = pair();
  await one.getOrSet('k', () => undefined);
  await until(() => l2.released.length === 1);
  assert.equal(l2.locks.size, 0);
});

test('the lock is given back when the loader times out', async () => {
  const l2 = new LockStore();
  const cache = new LazyLayersCache({ l2, distributedLock, timeouts: { hardMs: 10 } });
  await cache.getOrSet('k', heldLoader()).catch(() => {});
  await until(() => l2.locks.size === 0);
});

test('a hit takes no lock', async () => {
  const { l2, one } = pair();
  await one.set('k', 1);
  await one.getOrSet('k', () => 2);
  assert.deepEqual(l2.acquired, []);
});

test('callers of one instance take one lock together', async () => {
  const { l2, one } = pair();
  const loader = heldLoader();
  const callers = [1, 2, 3].map(() => one.getOrSet('k', loader));
  await loader.called;
  loader.resolve('v');
  assert.deepEqual(await Promise.all(callers), ['v', 'v', 'v']);
  assert.equal(l2.acquired.length, 1);
});

test('without distributedLock.enabled no lock is taken', async () => {
  const l2 = new LockStore();
  const cache = new LazyLayersCache({ l2 });
  await cache.getOrSet('k', () => 1);
  assert.deepEqual(l2.acquired, []);
});

test('an L2 without lock methods loads without a lock', async () => {
  const { one } = pair({}, new MapStore());
  assert.equal(await one.getOrSet('k', () => 'v'), 'v');
});

test('a cache without L2 loads without a lock', async () => {
  const cache = new LazyLayersCache({ distributedLock });
  assert.equal(await cache.getOrSet('k', () => 'v'), 'v');
});

test('a lock that cannot be asked for does not keep a load from running', async () => {
  const l2 = new LockStore();
  l2.acquireLock = () => Promise.reject(new Error('lock is down'));
  const cache = new LazyLayersCache({
    l2,
    distributedLock: { ...distributedLock, waitTimeoutMs: 30 },
    logging: { enabled: false },
  });
  const seen = record(cache);
  assert.equal(await cache.getOrSet('k', () => 'v'), 'v');
  assert.ok(seen.of('l2:error').length > 0);
});

test('a lock that cannot be given back does not reject the caller', async () => {
  const l2 = new LockStore();
  l2.releaseLock = () => {
    throw new Error('lock is down');
  };
  const cache = new LazyLayersCache({ l2, distributedLock, logging: { enabled: false } });
  assert.equal(await cache.getOrSet('k', () => 'v'), 'v');
});

test('locks of different keys do not hold each other up', async () => {
  const { one, two } = pair();
  const loader = heldLoader();
  const first = one.getOrSet('a', loader);
  await loader.called;
  assert.equal(await two.getOrSet('b', () => 'of b'), 'of b');
  loader.resolve('of a');
  assert.equal(await first, 'of a');
});

test('a cache whose l2 cannot lock warns that no lock is taken', async (t) => {
  const warn = t.mock.method(console, 'warn', () => {});
  const lock = { enabled: true };
  for (const l2 of [undefined, new MemoryStore(), new LockStore(), new RedisStore('redis://localhost:1')]) {
    await new LazyLayersCache({ l2, distributedLock: lock, logging: { env: 'development' } }).close();
    await l2?.close?.();
  }
  await new LazyLayersCache({ l2: new MemoryStore(), logging: { env: 'development' } }).close();
  assert.deepEqual(
    warn.mock.calls.map(({ arguments: [, line] }) => line),
    ['"distributedLock" has no effect, as the l2 has no acquireLock and releaseLock: each instance loads for itself'],
  );
});
