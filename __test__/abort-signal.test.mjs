import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, pass, turns } from './support/deferred.mjs';

test('each load has a signal of its own', async () => {
  const cache = new LazyLayersCache();
  const loaders = [heldLoader(), heldLoader()];
  const callers = loaders.map((loader, n) => cache.getOrSet(`k${n}`, loader));
  await Promise.all(loaders.map((loader) => loader.called));
  assert.notEqual(loaders[0].context.signal, loaders[1].context.signal);
  loaders.forEach((loader) => loader.resolve(1));
  await Promise.all(callers);
});

test('the signal of a load that ended well never aborts', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 15 } });
  let signal;
  await cache.getOrSet('k', (context) => {
    signal = context.signal;
    return 1;
  });
  await pass(25);
  assert.equal(signal.aborted, false);
});

test("the reason of an aborted signal is the hard timeout's error", async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  const loader = heldLoader();
  const error = await cache.getOrSet('k', loader).catch((reason) => reason);
  assert.equal(error.code, 'LOADER_HARD_TIMEOUT');
  assert.ok(loader.context.signal.reason instanceof Error);
});

test('abort listeners are called once', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  let aborts = 0;
  const loader = ({ signal }) => {
    signal.addEventListener('abort', () => (aborts += 1));
    return new Promise(() => {});
  };
  await cache.getOrSet('k', loader).catch(() => {});
  await turns();
  assert.equal(aborts, 1);
});

test('an abort of one load leaves other loads running', async () => {
  const cache = new LazyLayersCache();
  const [slow, other] = [heldLoader(), heldLoader()];
  const second = cache.getOrSet('other', other);
  await cache.getOrSet('slow', slow, { timeouts: { hardMs: 10 } }).catch(() => {});
  assert.equal(slow.context.signal.aborted, true);
  assert.equal(other.context.signal.aborted, false);
  other.resolve('v');
  assert.equal(await second, 'v');
});

test('a signal may be kept and read after its load', async () => {
  const cache = new LazyLayersCache();
  let kept;
  await cache.getOrSet('k', ({ signal }) => {
    kept = signal;
    return 1;
  });
  assert.ok(kept instanceof AbortSignal);
  assert.equal(kept.aborted, false);
  kept.throwIfAborted();
});

test('the signal works with functions that take one', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  const { setTimeout: sleep } = await import('node:timers/promises');
  let ended;
  const loader = ({ signal }) => {
    ended = sleep(600_000, 'late', { signal }).catch((error) => error.name);
    return ended;
  };
  await assert.rejects(cache.getOrSet('k', loader), { code: 'LOADER_HARD_TIMEOUT' });
  assert.equal(await ended, 'AbortError');
});

test('a loader whose signal aborted may answer later without harm', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 10 } });
  for (const end of ['resolve', 'reject']) {
    const loader = heldLoader();
    await cache.getOrSet('k', loader).catch(() => {});
    loader[end](new Error('late'));
    await turns();
  }
});

test('a loader may be destructured with a default, as without a cache', async () => {
  const cache = new LazyLayersCache();
  const loader = async ({ signal } = {}) => signal?.aborted ?? 'no signal';
  assert.equal(await loader(), 'no signal');
  assert.equal(await cache.getOrSet('k', loader), false);
});
