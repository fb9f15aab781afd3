import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';
import { jsonHub, MemoryHub } from './support/memory-bus.mjs';
import { turns, until } from './support/deferred.mjs';

test('a miss runs the loader and returns its value', async () => {
  const cache = new LazyLayersCache();
  assert.equal(await cache.getOrSet('k', async () => 'loaded'), 'loaded');
});

test('a loaded value is stored', async () => {
  const cache = new LazyLayersCache();
  await cache.getOrSet('k', async () => 'loaded');
  assert.equal(await cache.get('k'), 'loaded');
});

test('a loaded object is given back and stored by reference', async () => {
  const cache = new LazyLayersCache();
  const value = { n: 1 };
  assert.equal(await cache.getOrSet('k', async () => value), value);
  assert.equal(await cache.get('k'), value);
});

test('a hit does not run the loader', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'v');
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), 'v');
});

test('a stored null does not run the loader', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', null);
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), null);
});

test('a value in L2 does not run the loader and goes into L1', async () => {
  const l2 = new MapStore([['k', 'v']]);
  const cache = new LazyLayersCache({ l2 });
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), 'v');
  assert.equal(await cache.get('k'), 'v');
  assert.equal(l2.callsOf('get').length, 1);
});

test('a loaded value is written to L2', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  await cache.getOrSet('k', () => 'loaded');
  assert.equal(l2.map.get('k'), 'loaded');
});

test('a loaded null is stored', async () => {
  const cache = new LazyLayersCache();
  assert.equal(await cache.getOrSet('k', async () => null), null);
  assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), null);
});

test('a loaded undefined is given back and not stored', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2 });
  assert.equal(await cache.getOrSet('k', async () => undefined), undefined);
  assert.equal(await cache.size(), 0);
  assert.equal(l2.callsOf('set').length, 0);
  assert.equal(await cache.getOrSet('k', async () => 'second'), 'second');
});

test('a loader may answer without a promise', async () => {
  const cache = new LazyLayersCache();
  assert.equal(await cache.getOrSet('k', () => 'plain'), 'plain');
  assert.equal(await cache.get('k'), 'plain');
});

test('a loader may answer with a thenable', async () => {
  const cache = new LazyLayersCache();
  const thenable = { then: (resolve) => resolve('from a thenable') };
  assert.equal(await cache.getOrSet('k', () => thenable), 'from a thenable');
  assert.equal(await cache.get('k'), 'from a thenable');
});

test('the loader is called with a signal', async () => {
  const cache = new LazyLayersCache();
  let context;
  await cache.getOrSet('k', (given) => {
    context = given;
    return 1;
  });
  assert.ok(context.signal instanceof AbortSignal);
  assert.equal(context.signal.aborted, false);
});

test('a load is told from its start to its success, between the miss and the set', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.getOrSet('k', async () => 'v');
  assert.deepEqual(
    seen.types().filter((type) => type !== 'set'),
    ['miss', 'loader:start', 'loader:success'],
  );
  assert.deepEqual(seen.of('set'), [{ type: 'set', key: 'k', levels: ['L1'] }]);
  assert.equal(seen.types()[0], 'miss');
});

test('loader:success tells how long the load took', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.getOrSet('k', () => new Promise((resolve) => setTimeout(resolve, 25, 'v')));
  const [event] = seen.of('loader:success');
  assert.equal(event.key, 'k');
  assert.ok(event.durationMs >= 20, String(event.durationMs));
});

test('a hit starts no load', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'v');
  const seen = record(cache);
  await cache.getOrSet('k', () => 'other');
  assert.deepEqual(seen.types(), ['hit']);
});

test('a rejected load reaches the caller as the very same error', async () => {
  const cache = new LazyLayersCache();
  const failure = new Error('source is down');
  await assert.rejects(
    cache.getOrSet('k', async () => Promise.reject(failure)),
    (error) => error === failure,
  );
});

test('a loader that throws at its call rejects the caller with that error', async () => {
  const cache = new LazyLayersCache();
  const failure = new Error('thrown');
  const call = cache.getOrSet('k', () => {
    throw failure;
  });
  await assert.rejects(call, (error) => error === failure);
});

test('a loader may reject with anything', async () => {
  const cache = new LazyLayersCache();
  for (const reason of ['text', 0, null, undefined, { code: 7 }]) {
    const outcome = await cache
      .getOrSet('k', () => Promise.reject(reason))
      .then(
        () => assert.fail('resolved'),
        (error) => ({ error }),
      );
    assert.equal(outcome.error, reason);
  }
});

test('a failed load is told with its error and duration', async () => {
  const cache = new LazyLayersCache();
  const failure = new Error('source is down');
  const seen = record(cache);
  await cache.getOrSet('k', () => Promise.reject(failure)).catch(() => {});
  assert.deepEqual(seen.types(), ['miss', 'loader:start', 'loader:error']);
  const [event] = seen.of('loader:error');
  assert.equal(event.key, 'k');
  assert.equal(event.error, failure);
  assert.equal(typeof event.durationMs, 'number');
});

test('a failed load stores nothing and the next call loads again', async () => {
  const cache = new LazyLayersCache();
  await cache.getOrSet('k', () => Promise.reject(new Error('once'))).catch(() => {});
  assert.equal(await cache.has('k'), false);
  assert.equal(await cache.getOrSet('k', () => 'second'), 'second');
});

test('a loader may use the cache it loads for', async () => {
  const cache = new LazyLayersCache();
  const value = await cache.getOrSet(
    'outer',
    async () => `outer of ${await cache.getOrSet('inner', async () => 'inner')}`,
  );
  assert.equal(value, 'outer of inner');
  assert.equal(await cache.get('inner'), 'inner');
});

test('a loaded value is published as a set event', async () => {
  const hub = jsonHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), source: 'here', ttlMs: 5_000 });
  const seen = record(cache);
  await cache.getOrSet('k', () => 'loaded');
  const [event] = await until(() => hub.publishedOf('set').length > 0 && hub.publishedOf('set'));
  assert.equal(event.source, 'here');
  assert.deepEqual(event.keys.map(String), ['k']);
  assert.equal(event.value, 'loaded');
  assert.equal(event.ttlMs, 5_000);
  assert.equal(hub.published.length, 1);
  await until(() => seen.of('set:broadcast').length === 1);
  assert.equal(seen.of('set:broadcast')[0].key, 'k');
});

test('neither a hit nor an undefined nor a failed load is published', async () => {
  const hub = new MemoryHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus() });
  await cache.set('hit', 1);
  await cache.getOrSet('hit', () => 2);
  await cache.getOrSet('undefined', () => undefined);
  await cache.getOrSet('failed', () => Promise.reject(new Error('no'))).catch(() => {});
  await turns();
  assert.deepEqual(hub.published, []);
});

test('a loader is called as a function, not as a method of anything', async () => {
  const cache = new LazyLayersCache();
  let receiver = 'never called';
  await cache.getOrSet('k', function () {
    receiver = this;
    return 1;
  });
  assert.equal(receiver, undefined);
});
