import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { heldLoader, pass } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { LockStore } from './support/lock-store.mjs';

const TTL_MS = 20;

/** Two caches over one store, and the loader of the first, during which its lock has ended. */
async function slowHolder() {
  const l2 = new LockStore();
  const distributedLock = { enabled: true, ttlMs: TTL_MS };
  const [first, second] = [1, 2].map(() => new LazyLayersCache({ l2, distributedLock }));
  const loader = heldLoader();
  const loaded = first.getOrSet('k', loader);
  await loader.called;
  await pass(TTL_MS);
  l2.locks.clear();
  return { l2, first, second, loader, loaded };
}

test('a holder whose lock has ended leaves the value of the next holder in L2', async () => {
  const { l2, second, loader, loaded } = await slowHolder();
  assert.equal(await second.getOrSet('k', () => 'newer'), 'newer');
  loader.resolve('older');
  assert.equal(await loaded, 'older');
  assert.equal(l2.map.get('k'), 'newer');
});

test('a holder whose lock has ended keeps its value in its own L1', async () => {
  const { l2, first, loader, loaded } = await slowHolder();
  const events = record(first);
  loader.resolve('value');
  await loaded;
  assert.deepEqual(events.of('set'), [{ type: 'set', key: 'k', levels: ['L1'] }]);
  assert.equal(l2.map.has('k'), false);
  assert.equal(await first.get('k'), 'value');
});
