import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, isPending, pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';

const failSafe = { enabled: true, staleTtlMs: 60_000 };

/** A cache whose value of "k" is no longer fresh, but remembered as stale. */
async function withStale(options) {
  const cache = new LazyLayersCache({ failSafe, ...options });
  await cache.set('k', 'stale', { ttlMs: 5 });
  await pass(5);
  return cache;
}

const isHardTimeout = (error) => {
  assert.ok(error instanceof Error);
  assert.equal(error.code, 'LOADER_HARD_TIMEOUT');
  assert.match(error.message, /hard-timeout/);
  return true;
};

test('past softMs the caller gets the stale value', async () => {
  const cache = await withStale({ timeouts: { softMs: 10 } });
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'stale');
  assert.equal(loader.calls, 1);
  loader.resolve('fresh');
});

test('a soft timeout is told with its kind and limit, and as a stale hit', async () => {
  const cache = await withStale({ timeouts: { softMs: 10 } });
  const seen = record(cache);
  const loader = heldLoader();
  await cache.getOrSet('k', loader);
  assert.deepEqual(seen.of('loader:timeout'), [{ type: 'loader:timeout', key: 'k', timeoutMs: 10, kind: 'soft' }]);
  assert.deepEqual(seen.of('stale:hit'), [{ type: 'stale:hit', key: 'k', reason: 'soft-timeout' }]);
  assert.deepEqual(seen.of('loader:error'), []);
  loader.resolve('fresh');
});

test('the loader goes on after a soft timeout and its late value is stored', async () => {
  const cache = await withStale({ timeouts: { softMs: 10 } });
  const seen = record(cache);
  const loader = heldLoader();
  await cache.getOrSet('k', loader);
  loader.resolve('fresh');
  await until(async () => (await cache.get('k')) === 'fresh');
  assert.equal(seen.of('loader:success').length, 1);
});

test("a soft timeout does not abort the loader's signal", async () => {
  const cache = await withStale({ timeouts: { softMs: 10 } });
  const loader = heldLoader();
  await cache.getOrSet('k', loader);
  await turns();
  assert.equal(loader.context.signal.aborted, false);
  loader.resolve('fresh');
});

test('a load that fails after its soft timeout rejects nobody', async () => {
  const cache = await withStale({ timeouts: { softMs: 10 } });
  const seen = record(cache);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'stale');
  loader.reject(new Error('late'));
  await until(() => seen.of('loader:error').length === 1);
});

test('without a stale value softMs does not end the wait', async () => {
  const cache = new LazyLayersCache({ failSafe, timeouts: { softMs: 10 } });
  const seen = record(cache);
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await pass(20);
  assert.equal(await isPending(caller), true);
  assert.deepEqual(seen.of('loader:timeout'), []);
  loader.resolve('fresh');
  assert.equal(await caller, 'fresh');
});

test('without fail-safe softMs does not end the wait', async () => {
  const cache = new LazyLayersCache({ timeouts: { softMs: 10 } });
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await pass(20);
  assert.equal(await isPending(caller), true);
  loader.resolve('fresh');
  assert.equal(await caller, 'fresh');
});

test('a load faster than softMs returns its own value', async () => {
  const cache = await withStale({ timeouts: { softMs: 60_000, hardMs: 120_000 } });
  const seen = record(cache);
  assert.equal(await cache.getOrSet('k', async () => 'fresh'), 'fresh');
  assert.deepEqual(seen.of('loader:timeout'), []);
});

test('past hardMs the caller gets an error that says hard-timeout', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  await assert.rejects(cache.getOrSet('k', heldLoader()), isHardTimeout);
});

test("past hardMs the loader's signal aborts", async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  const loader = heldLoader();
  await cache.getOrSet('k', loader).catch(() => {});
  assert.equal(loader.context.signal.aborted, true);
});

test('a hard timeout is told with its kind and limit, and as a loader error', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  const seen = record(cache);
  await cache.getOrSet('k', heldLoader()).catch(() => {});
  assert.deepEqual(seen.of('loader:timeout'), [{ type: 'loader:timeout', key: 'k', timeoutMs: 10, kind: 'hard' }]);
  assert.equal(seen.of('loader:error').length, 1);
  isHardTimeout(seen.of('loader:error')[0].error);
  assert.deepEqual(seen.of('loader:success'), []);
});

test('past hardMs the stale value answers when there is one', async () => {
  const cache = await withStale({ timeouts: { hardMs: 10 } });
  const seen = record(cache);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'stale');
  assert.deepEqual(seen.of('stale:hit'), [{ type: 'stale:hit', key: 'k', reason: 'hard-timeout' }]);
  assert.equal(loader.context.signal.aborted, true);
});

test('every joined caller is answered at the hard timeout', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 20 } });
  const loader = heldLoader();
  const callers = [1, 2, 3].map(() => cache.getOrSet('k', loader));
  for (const outcome of await Promise.allSettled(callers)) isHardTimeout(outcome.reason);
  assert.equal(loader.calls, 1);
});

test('after a hard timeout the next caller loads anew', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  await cache.getOrSet('k', heldLoader()).catch(() => {});
  assert.equal(await cache.getOrSet('k', () => 'second'), 'second');
});

test('the late value of a timed-out load does not overwrite a newer value', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  const slow = heldLoader();
  await cache.getOrSet('k', slow).catch(() => {});
  await cache.getOrSet('k', () => 'newer');
  slow.resolve('older');
  await turns();
  assert.equal(await cache.get('k'), 'newer');
});

test('a loader that rejects because its signal aborted still ends in the hard timeout', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  const seen = record(cache);
  const obedient = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await assert.rejects(cache.getOrSet('k', obedient), isHardTimeout);
  await turns();
  assert.equal(seen.of('loader:error').length, 1);
});

test('a load in the background after a soft timeout is ended by the hard one', async () => {
  const cache = await withStale({ timeouts: { softMs: 10, hardMs: 200 } });
  const seen = record(cache);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'stale');
  await until(() => loader.context.signal.aborted);
  await until(() => seen.of('loader:error').length === 1);
  assert.deepEqual(
    seen.of('loader:timeout').map((event) => event.kind),
    ['soft', 'hard'],
  );
});

test('without hardMs a slow load is waited for', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const caller = cache.getOrSet('k', loader);
  await pass(40);
  assert.equal(await isPending(caller), true);
  assert.equal(loader.context.signal.aborted, false);
  loader.resolve('v');
  assert.equal(await caller, 'v');
});

test('callers that joined a load are answered at its soft timeout too', async () => {
  const cache = await withStale({ timeouts: { softMs: 15 } });
  const loader = heldLoader();
  const callers = [1, 2, 3].map(() => cache.getOrSet('k', loader));
  assert.deepEqual(await Promise.all(callers), ['stale', 'stale', 'stale']);
  assert.equal(loader.calls, 1);
  loader.resolve('fresh');
});

test('a caller that comes while a load goes on after its soft timeout starts no second load', async () => {
  const cache = await withStale({ timeouts: { softMs: 10 } });
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'stale');
  const later = cache.getOrSet('k', () => assert.fail('second loader ran'));
  await turns();
  loader.resolve('fresh');
  assert.ok(['fresh', 'stale'].includes(await later));
});
