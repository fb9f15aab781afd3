import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';
import { FaultyStore } from './support/faulty-store.mjs';

/** A cache over an L2 that never answers, and the failures it tells. */
function overHungL2(l2TimeoutMs) {
  const l2 = new FaultyStore().fail('hang');
  const cache = new LazyLayersCache({ l2, logging: { enabled: false }, resilience: { l2TimeoutMs } });
  return { l2, cache, seen: record(cache) };
}

test('an L2 that never answers holds no call up for longer than l2TimeoutMs', async () => {
  const { cache, seen } = overHungL2(20);
  assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded');
  const [failed] = seen.of('l2:error');
  assert.equal(failed.operation, 'get');
  assert.match(failed.error.message, /the second layer did not answer within 20 ms/);
});

test('calls of an L2 that never answers open its circuit', async () => {
  const { cache, seen } = overHungL2(5);
  for (const key of ['a', 'b', 'c', 'd']) assert.equal(await cache.get(key), undefined);
  assert.deepEqual(
    seen.of('l2:error').map(({ state }) => state),
    ['closed', 'closed', 'open'],
  );
  assert.equal(seen.of('l2:skipped').length, 1);
});

test('an answer within l2TimeoutMs is taken', async () => {
  const l2 = new FaultyStore([['k', 'v']]);
  const gate = l2.hold('get');
  const cache = new LazyLayersCache({ l2, resilience: { l2TimeoutMs: 60_000 } });
  const read = cache.get('k');
  await gate.reached;
  gate.release();
  assert.equal(await read, 'v');
});

test('l2TimeoutMs must be a number of milliseconds', () => {
  const make = (l2TimeoutMs) => () => new LazyLayersCache({ resilience: { l2TimeoutMs } });
  assert.throws(make('1000'), { name: 'TypeError', code: 'INVALID_OPTION', message: /resilience\.l2TimeoutMs/ });
  assert.throws(make(-1), { name: 'RangeError', message: /0 and Infinity: no limit\), got -1/ });
  for (const allowed of [0, Infinity, 1.5, undefined, null]) assert.doesNotThrow(make(allowed));
});
