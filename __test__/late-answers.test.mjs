import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { deferred, heldLoader, isPending, turns, until } from './support/deferred.mjs';
import { survivors } from './support/garbage.mjs';
import { MapStore } from './support/map-store.mjs';

/** A store whose reads wait for the test. */
class HeldStore extends MapStore {
  constructor() {
    super();
    this.reads = [];
  }

  get() {
    const read = deferred();
    this.reads.push(read);
    return read.promise;
  }
}

/** Keeps the thread busy until a timer that is set for `ms` from now has certainly ended. */
function busy(ms) {
  const end = performance.now() + ms + 30;
  while (performance.now() < end);
}

test('a store may answer after its cache was closed and collected', async () => {
  const l2 = new HeldStore();
  const ref = await (async () => {
    const cache = new LazyLayersCache({ l2 });
    const read = cache.get('k');
    await cache.close({ timeoutMs: 0 });
    await assert.rejects(read, { code: 'CACHE_CLOSED' });
    return new WeakRef(cache);
  })();
  assert.equal(await survivors([ref]), 0);
  await turns(20);
  l2.reads[0].resolve('late');
  // A report that failed would be an unhandled rejection, which fails the test.
  await turns();
});

test('a load that ends while it is told that another request has joined it answers both', async () => {
  const l2 = new HeldStore();
  const hardMs = 100;
  const cache = new LazyLayersCache({ l2, timeouts: { hardMs } });
  const leader = heldLoader();
  const answered = [];
  for (const load of [cache.getOrSet('k', leader), cache.getOrSet('k', leader)]) {
    load.catch(({ code }) => answered.push(code));
  }
  let joined = false;
  cache.on((event) => {
    if (event.type !== 'inflight:reuse') return;
    joined = true;
    busy(hardMs);
    cache.has('other');
  });
  for (const read of l2.reads) read.resolve(undefined);
  await until(() => answered.length === 2, 'both are answered');
  assert.equal(joined, true);
  assert.deepEqual(answered, ['LOADER_HARD_TIMEOUT', 'LOADER_HARD_TIMEOUT']);
});

test("a signal's listener may make requests while the load times out and its cache is closed", async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 20 } });
  const l2 = new HeldStore();
  const other = new LazyLayersCache({ l2 });
  const reads = [];
  const loaded = cache.getOrSet('k', ({ signal }) => {
    signal.addEventListener('abort', () => {
      busy(20);
      reads.push(other.get('a'), other.get('b'));
    });
    return new Promise(() => {});
  });
  await Promise.all([cache.close({ timeoutMs: 0 }), assert.rejects(loaded, { code: 'CACHE_CLOSED' })]);
  l2.reads.forEach((read, index) => read.resolve(index));
  assert.equal(await isPending(Promise.all(reads)), false);
  assert.deepEqual(await Promise.all(reads), [0, 1]);
});
