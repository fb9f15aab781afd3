import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { heldLoader, until } from '../support/deferred.mjs';
import { nextPrefix, sharedServer } from './shared-server.mjs';

const { server, redis, storeOf } = await sharedServer();

for (const processes of [2, 4]) {
  test(`${processes} processes with 500 callers each load a cold key once`, async (t) => {
    const prefix = `herd${processes}:`;
    const path = fileURLToPath(new URL('herd.mjs', import.meta.url));
    const herd = Array.from({ length: processes }, () => fork(path, [server.url, prefix, '500']));
    t.after(() => herd.forEach((child) => child.kill('SIGKILL')));
    await Promise.all(herd.map((child) => once(child, 'message')));
    const told = herd.map((child) => once(child, 'message'));
    for (const child of herd) child.send('go');
    const results = (await Promise.all(told)).map(([result]) => result);
    assert.equal(
      results.reduce((sum, { loads }) => sum + loads, 0),
      1,
    );
    assert.equal(new Set(results.flatMap(({ values }) => values)).size, 1);
    assert.deepEqual(await redis.keys(`${prefix}__lock:*`), [], 'the lock was given back');
  });
}

test('a process that was paused for longer than its lock lives does not overwrite the value that another has loaded', async (t) => {
  const prefix = 'paused:';
  const path = fileURLToPath(new URL('paused-holder.mjs', import.meta.url));
  const holder = fork(path, [server.url, prefix]);
  t.after(() => holder.kill('SIGKILL'));
  await once(holder, 'message');
  holder.kill('SIGSTOP');
  await until(async () => (await redis.exists(`${prefix}__lock:k`)) === 0, 'its lock expires');
  const l2 = new RedisStore(server.url, { prefix });
  const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true } });
  t.after(() => cache.close());
  assert.equal(await cache.getOrSet('k', () => 'new'), 'new');
  const told = once(holder, 'message');
  holder.kill('SIGCONT');
  assert.deepEqual((await told)[0], { value: 'old' }, 'its caller gets what it loaded');
  assert.equal(await l2.get('k'), 'new');
});

for (const kind of ['a URL', 'a stand-in']) {
  const prepare = (t, options = {}) => {
    const prefix = nextPrefix();
    const cacheOf = () => {
      const l2 = storeOf(t, kind, { prefix });
      const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true, pollMs: 5, ...options } });
      t.after(() => cache.close({ timeoutMs: 0 }));
      return cache;
    };
    return { prefix, cacheOf };
  };
  const read = async (prefix) => new RedisStore(server.url, { prefix }).get('k');

  test(`${kind}: a holder whose lock has expired does not overwrite the next holder's value`, async (t) => {
    const { prefix, cacheOf } = prepare(t, { ttlMs: 100 });
    const [slow, next] = [cacheOf(), cacheOf()];
    const held = heldLoader();
    const late = slow.getOrSet('k', held);
    await held.called;
    await until(async () => (await redis.exists(`${prefix}__lock:k`)) === 0, 'its lock expires');
    assert.equal(await next.getOrSet('k', () => 'new'), 'new');
    held.resolve('old');
    assert.equal(await late, 'old', 'its callers get what it loaded');
    assert.equal(await read(prefix), 'new');
    assert.equal(await slow.get('k'), 'new', 'and it did not keep it');
  });

  test(`${kind}: while the next holder still loads, the late one writes nothing`, async (t) => {
    const { prefix, cacheOf } = prepare(t, { ttlMs: 100 });
    const [slow, next] = [cacheOf(), cacheOf()];
    const [first, second] = [heldLoader(), heldLoader()];
    const late = slow.getOrSet('k', first);
    await first.called;
    await until(async () => (await redis.exists(`${prefix}__lock:k`)) === 0, 'its lock expires');
    await redis.set(`${prefix}__lock:k`, 'of another', 'PX', 60_000);
    first.resolve('old');
    assert.equal(await late, 'old');
    assert.equal(await read(prefix), undefined);
    assert.equal(await redis.get(`${prefix}__lock:k`), 'of another', 'nor does it release what is not its own');
    await redis.del(`${prefix}__lock:k`);
    const loading = next.getOrSet('k', second);
    await second.called;
    second.resolve('new');
    assert.equal(await loading, 'new');
    assert.equal(await read(prefix), 'new');
  });

  test(`${kind}: a delete by another instance while the holder loads keeps its value out of Redis`, async (t) => {
    const { prefix, cacheOf } = prepare(t, { ttlMs: 60_000 });
    const [loading, other] = [cacheOf(), cacheOf()];
    const held = heldLoader();
    const late = loading.getOrSet('k', held);
    await held.called;
    await other.delete('k');
    held.resolve('old');
    assert.equal(await late, 'old');
    assert.equal(await read(prefix), undefined);
  });

  test(`${kind}: a cache that is closed while it loads gives its lock back`, async (t) => {
    const { prefix, cacheOf } = prepare(t, { ttlMs: 60_000 });
    const [cache, other] = [cacheOf(), cacheOf()];
    const held = heldLoader();
    const loading = cache.getOrSet('k', held);
    await held.called;
    await Promise.all([cache.close({ timeoutMs: 0 }), assert.rejects(loading, { code: 'CACHE_CLOSED' })]);
    await until(async () => (await redis.exists(`${prefix}__lock:k`)) === 0, 'the lock is given back');
    assert.equal(await other.getOrSet('k', () => 'new'), 'new');
  });

  test(`${kind}: who waits for the lock takes the value that the holder stores`, async (t) => {
    const { cacheOf } = prepare(t);
    const [first, second] = [cacheOf(), cacheOf()];
    const held = heldLoader();
    const loading = first.getOrSet('k', held);
    await held.called;
    const waiting = second.getOrSet('k', () => assert.fail('loaded twice'));
    held.resolve({ a: 1 });
    assert.deepEqual(await Promise.all([loading, waiting]), [{ a: 1 }, { a: 1 }]);
  });

  test(`${kind}: who waits too long loads without the lock`, async (t) => {
    const { cacheOf } = prepare(t, { waitTimeoutMs: 50 });
    const [first, second] = [cacheOf(), cacheOf()];
    const held = heldLoader();
    const loading = first.getOrSet('k', held);
    await held.called;
    assert.equal(await second.getOrSet('k', () => 'own'), 'own');
    held.resolve('first');
    await loading;
  });

  test(`${kind}: a loader that fails releases the lock`, async (t) => {
    const { prefix, cacheOf } = prepare(t);
    await assert.rejects(
      cacheOf().getOrSet('k', () => Promise.reject(new Error('down'))),
      /down/,
    );
    await until(async () => (await redis.exists(`${prefix}__lock:k`)) === 0, 'the lock is free');
  });
}

test("a process that dies with the lock holds the others up for the lock's lifetime at most", async (t) => {
  const prefix = 'dying:';
  await redis.set(`${prefix}__lock:k`, 'of a process that died', 'PX', 150);
  const cache = new LazyLayersCache({
    l2: new RedisStore(server.url, { prefix }),
    distributedLock: { enabled: true, pollMs: 5, waitTimeoutMs: 20_000 },
  });
  t.after(() => cache.close());
  assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
});
