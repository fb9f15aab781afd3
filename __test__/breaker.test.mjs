import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, LazyLayersCache } from '../index.mjs';
import { pass } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { FaultyStore } from './support/faulty-store.mjs';

/** Long enough for the work of a test before a second cooldown is over, on a machine that is busy with other things. */
const COOLDOWN_MS = 150;

/** Fails as often as asked. */
const failTimes = (breaker, times) => {
  for (let n = 0; n < times; n += 1) breaker.recordFailure();
};

test('a breaker starts closed and lets calls through', () => {
  const breaker = new CircuitBreaker();
  assert.equal(breaker.currentState, 'closed');
  assert.equal(breaker.canCall(), true);
});

test('a breaker opens at the third failure when nothing else is said', () => {
  const breaker = new CircuitBreaker();
  assert.equal(breaker.recordFailure(), 'closed');
  assert.equal(breaker.recordFailure(), 'closed');
  assert.equal(breaker.recordFailure(), 'open');
  assert.equal(breaker.currentState, 'open');
  assert.equal(breaker.canCall(), false);
});

test('failureThreshold says how many failures open a breaker', () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1 });
  assert.equal(breaker.recordFailure(), 'open');
});

test('a success closes the count of failures', () => {
  const breaker = new CircuitBreaker({ failureThreshold: 2 });
  breaker.recordFailure();
  breaker.recordSuccess();
  assert.equal(breaker.recordFailure(), 'closed');
  assert.equal(breaker.canCall(), true);
});

test('before cooldownMs is over an open breaker lets nothing through', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, cooldownMs: 60_000 });
  breaker.recordFailure();
  await pass(5);
  assert.equal(breaker.canCall(), false);
});

test('after cooldownMs a breaker is half-open and lets one probe through', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, cooldownMs: COOLDOWN_MS });
  breaker.recordFailure();
  await pass(COOLDOWN_MS);
  assert.equal(breaker.canCall(), true);
  assert.equal(breaker.currentState, 'half-open');
  assert.equal(breaker.canCall(), false);
});

test('a probe that succeeds closes the breaker', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 1, cooldownMs: 10 });
  breaker.recordFailure();
  await pass(10);
  breaker.canCall();
  breaker.recordSuccess();
  assert.equal(breaker.currentState, 'closed');
  assert.equal(breaker.canCall(), true);
  assert.equal(breaker.canCall(), true);
});

test('a probe that fails opens the breaker for another cooldown', async () => {
  const breaker = new CircuitBreaker({ failureThreshold: 3, cooldownMs: COOLDOWN_MS });
  failTimes(breaker, 3);
  await pass(COOLDOWN_MS);
  breaker.canCall();
  assert.equal(breaker.recordFailure(), 'open');
  assert.equal(breaker.canCall(), false);
  await pass(COOLDOWN_MS);
  assert.equal(breaker.canCall(), true);
});

test('a breaker that is switched off always lets calls through', () => {
  const breaker = new CircuitBreaker({ enabled: false, failureThreshold: 1 });
  failTimes(breaker, 10);
  assert.equal(breaker.canCall(), true);
});

/** A cache over an L2 of which every method fails. */
function overFaultyL2(l2CircuitBreaker) {
  const l2 = new FaultyStore().fail('reject');
  const cache = new LazyLayersCache({ l2, resilience: { l2CircuitBreaker }, logging: { enabled: false } });
  return { l2, cache, seen: record(cache) };
}

test('a failing L2 read is told with its operation, key, state and error', async () => {
  const { l2, cache, seen } = overFaultyL2({ failureThreshold: 5 });
  assert.equal(await cache.get('k'), undefined);
  assert.deepEqual(seen.of('l2:error'), [
    { type: 'l2:error', operation: 'get', key: 'k', state: 'closed', error: l2.error },
  ]);
});

test('l2:error tells the state after the failure', async () => {
  const { cache, seen } = overFaultyL2({ failureThreshold: 2, cooldownMs: 60_000 });
  await cache.get('a');
  await cache.get('b');
  assert.deepEqual(
    seen.of('l2:error').map((event) => event.state),
    ['closed', 'open'],
  );
});

test('while the breaker is open L2 is not called, and that is told', async () => {
  const { l2, cache, seen } = overFaultyL2({ failureThreshold: 1, cooldownMs: 60_000 });
  await cache.get('a');
  l2.calls.length = 0;
  seen.clear();
  assert.equal(await cache.get('b'), undefined);
  assert.deepEqual(l2.calls, []);
  assert.deepEqual(seen.of('l2:skipped'), [{ type: 'l2:skipped', operation: 'get', key: 'b', state: 'open' }]);
  assert.deepEqual(seen.of('l2:error'), []);
});

test('the cache works on with L1 while L2 is down', async () => {
  const { cache } = overFaultyL2({ failureThreshold: 1, cooldownMs: 60_000 });
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), 'v');
  assert.equal(await cache.has('k'), true);
  assert.equal(await cache.getOrSet('other', () => 'loaded'), 'loaded');
  assert.equal(await cache.get('other'), 'loaded');
  await cache.delete('k');
  assert.equal(await cache.get('k'), undefined);
  await cache.deleteByPattern('o*');
  await cache.clear();
  assert.equal(await cache.size(), 0);
});

test('after the cooldown one success brings L2 back', async () => {
  const { l2, cache, seen } = overFaultyL2({ failureThreshold: 1, cooldownMs: 15 });
  await cache.get('a');
  l2.heal();
  l2.map.set('b', 'of b');
  l2.map.set('c', 'of c');
  await pass(15);
  seen.clear();
  assert.equal(await cache.get('b'), 'of b');
  assert.equal(await cache.get('c'), 'of c');
  assert.deepEqual(seen.of('l2:skipped'), []);
});

test('while a probe of L2 is under way other calls skip L2', async () => {
  const { l2, cache, seen } = overFaultyL2({ failureThreshold: 1, cooldownMs: COOLDOWN_MS });
  await cache.get('a');
  l2.heal();
  const gate = l2.hold('get');
  await pass(COOLDOWN_MS);
  const probe = cache.get('b');
  await gate.reached;
  seen.clear();
  await cache.get('c');
  assert.deepEqual(
    seen.of('l2:skipped').map(({ key, state }) => ({ key, state })),
    [{ key: 'c', state: 'half-open' }],
  );
  gate.release();
  await probe;
});

test('a probe that fails keeps L2 skipped', async () => {
  const { cache, seen } = overFaultyL2({ failureThreshold: 1, cooldownMs: COOLDOWN_MS });
  await cache.get('a');
  await pass(COOLDOWN_MS);
  await cache.get('b');
  seen.clear();
  await cache.get('c');
  assert.equal(seen.of('l2:skipped').length, 1);
});

test('with the L2 breaker switched off L2 is called every time', async () => {
  const { l2, cache, seen } = overFaultyL2({ enabled: false, failureThreshold: 1 });
  for (const key of ['a', 'b', 'c', 'd']) await cache.get(key);
  assert.equal(l2.callsOf('get').length, 4);
  assert.deepEqual(seen.of('l2:skipped'), []);
});

test('a miss in a working L2 is no failure', async () => {
  const l2 = new FaultyStore();
  const cache = new LazyLayersCache({ l2, resilience: { l2CircuitBreaker: { failureThreshold: 1 } } });
  const seen = record(cache);
  for (const key of ['a', 'b', 'c']) await cache.get(key);
  assert.deepEqual(seen.of('l2:skipped'), []);
  assert.deepEqual(seen.of('miss').filter((event) => event.level === 'L2').length, 3);
});
