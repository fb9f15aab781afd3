// The tracing channel of calls.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { manualClock } from '../../entry/testing.mjs';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { heldLoader, pass } from '../support/deferred.mjs';
import { MapStore } from '../support/map-store.mjs';

const QUIET = { logging: { enabled: false } };
const channel = tracingChannel('lazycache:call');

/** Notes the calls that end while a test runs. */
function traced(t) {
  const ended = [];
  const told = [];
  const handlers = Object.fromEntries(
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) => [
      name,
      (call) => {
        told.push(name);
        if (name === 'asyncEnd') ended.push({ ...call });
      },
    ]),
  );
  channel.subscribe(handlers);
  t.after(() => channel.unsubscribe(handlers));
  return { ended, told };
}

const outcomes = (calls) => calls.map(({ operation, key, layer, outcome }) => [operation, key, layer, outcome]);

test('a call is told from its start to its end, with its answer', async (t) => {
  const { ended, told } = traced(t);
  const cache = new LazyLayersCache({ name: 'users' });
  assert.equal(await cache.getOrSet('k', async () => 'v'), 'v');
  assert.deepEqual(told, ['start', 'end', 'asyncStart', 'asyncEnd']);
  const [{ cache: name, operation, key, result }] = ended;
  assert.deepEqual({ name, operation, key, result }, { name: 'users', operation: 'getOrSet', key: 'k', result: 'v' });
});

test('each verb is a call of its own', async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.get('k');
  await cache.has('k');
  await cache.delete('k');
  await cache.deleteByPattern('k*');
  await cache.clear();
  await cache.size();
  await cache.getEntry('k');
  await cache.getOrSetEntry('k', () => 1);
  await cache.expire('k');
  await cache.expireByPattern('k*');
  await cache.deleteByTag('t');
  await cache.expireByTag(['t']);
  assert.deepEqual(
    ended.map(({ operation, key }) => [operation, key]),
    [
      ['set', 'k'],
      ['get', 'k'],
      ['has', 'k'],
      ['delete', 'k'],
      ['deleteByPattern', 'k*'],
      ['deleteByPattern', '*'],
      ['size', undefined],
      ['getEntry', 'k'],
      ['getOrSetEntry', 'k'],
      ['expire', 'k'],
      ['expireByPattern', 'k*'],
      ['deleteByTag', 't'],
      ['expireByTag', ['t']],
    ],
  );
});

test('the outcome is where the answer came from', async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.get('k');
  await cache.getOrSet('k', () => 'v');
  await cache.get('k');
  await cache.getOrSet('k', () => 'v');
  await cache.getOrSet('none', () => undefined);
  await cache.getOrSet('none', () => undefined);
  await cache.getEntry('k');
  await cache.getOrSetEntry('new', () => 'v');
  assert.deepEqual(outcomes(ended), [
    ['get', 'k', undefined, 'miss'],
    ['getOrSet', 'k', undefined, 'loaded'],
    ['get', 'k', 'L1', 'hit'],
    ['getOrSet', 'k', 'L1', 'hit'],
    ['getOrSet', 'none', undefined, 'loaded'],
    ['getOrSet', 'none', undefined, 'negative'],
    ['getEntry', 'k', 'L1', 'hit'],
    ['getOrSetEntry', 'new', undefined, 'loaded'],
  ]);
});

test('the layer is the second one where that had the value', async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache({ l2: new MapStore([['k', 'v']]) });
  await cache.get('k');
  await cache.get('k');
  assert.deepEqual(outcomes(ended), [
    ['get', 'k', 'L2', 'hit'],
    ['get', 'k', 'L1', 'hit'],
  ]);
});

test('calls that share a load are told apart', async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const calls = [cache.getOrSet('k', loader), cache.getOrSet('k', loader)];
  loader.resolve('v');
  await Promise.all(calls);
  assert.deepEqual(ended.map(({ outcome }) => outcome).sort(), ['joined', 'loaded']);
});

test('a stale answer is told as such', async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache({ ...QUIET, failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await cache.set('k', 'old', { ttlMs: 1 });
  await pass(1);
  assert.equal(
    await cache.getOrSet('k', () => {
      throw new Error('down');
    }),
    'old',
  );
  assert.equal(ended.at(-1).outcome, 'stale');
});

test('a call that rejects is told with its error', async (t) => {
  const { ended, told } = traced(t);
  const cache = new LazyLayersCache(QUIET);
  const down = new Error('down');
  await assert.rejects(
    cache.getOrSet('k', () => Promise.reject(down)),
    down,
  );
  assert.ok(told.includes('error'));
  assert.equal(ended[0].error, down);
});

test('a call of a closed cache is told with its error, and rejects', async (t) => {
  const cache = new LazyLayersCache();
  await cache.close();
  const { ended } = traced(t);
  await assert.rejects(cache.get('k'), { code: 'CACHE_CLOSED' });
  assert.equal(ended[0].error.code, 'CACHE_CLOSED');
});

test('the outcome is known of a cache with a dashboard too', async (t) => {
  const cache = new LazyLayersCache({ observability: { enabled: true, server: false, quiet: true } });
  await cache.set('k', 'v');
  const { ended } = traced(t);
  await cache.get('k');
  assert.deepEqual(outcomes(ended), [['get', 'k', 'L1', 'hit']]);
});

test('calls within a loader have outcomes of their own', async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache();
  await cache.set('inner', 1);
  await cache.getOrSet('outer', async () => (await cache.get('inner')) + 1);
  assert.deepEqual(outcomes(ended).slice(1), [
    ['get', 'inner', 'L1', 'hit'],
    ['getOrSet', 'outer', undefined, 'loaded'],
  ]);
});

test("a call of several keys within a loader leaves the outcome of the loader's call alone", async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache();
  await cache.set('a', 1);
  await cache.getOrSet('outer', async () => (await cache.getMany(['a', 'none'])).size);
  assert.deepEqual(outcomes(ended).at(-1), ['getOrSet', 'outer', undefined, 'loaded']);
});

test('a hit stays one whose value is loaded anew in the background', async (t) => {
  const { ended } = traced(t);
  const clock = manualClock();
  t.after(() => clock.restore());
  const cache = new LazyLayersCache({ refreshAhead: 0.5, ttlMs: 100 });
  await cache.set('k', 'old');
  await clock.advance(80);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 'old');
  await loader.called;
  loader.resolve('new');
  assert.deepEqual(outcomes(ended).at(-1), ['getOrSet', 'k', 'L1', 'hit']);
});

test('a store bound to the channel is there in the loader', async (t) => {
  const storage = new AsyncLocalStorage();
  channel.start.bindStore(storage, ({ key }) => `call of ${key}`);
  t.after(() => channel.start.unbindStore(storage));
  const cache = new LazyLayersCache();
  const seen = await cache.getOrSet('k', async () => storage.getStore());
  assert.equal(seen, 'call of k');
});

test('a subclass that overrides get is traced once', async (t) => {
  const { ended } = traced(t);
  class Own extends LazyLayersCache {
    get(key) {
      return super.get(`own:${key}`);
    }
  }
  const cache = new Own();
  await cache.get('k');
  assert.deepEqual(
    ended.map(({ operation, key }) => [operation, key]),
    [['get', 'own:k']],
  );
});

test('nothing is told of a memory store by itself', async (t) => {
  const { ended } = traced(t);
  await new MemoryStore().get('k');
  assert.deepEqual(ended, []);
});

test('a cache tells no events of its own once nobody subscribes', async () => {
  const cache = new LazyLayersCache();
  const handlers = { start() {} };
  channel.subscribe(handlers);
  await cache.get('k');
  channel.unsubscribe(handlers);
  await cache.get('k');
  const [symbol] = Object.getOwnPropertySymbols(cache);
  assert.equal(cache[symbol].emitter.observed, false);
});

test('a call of several keys is one call, without a key or an outcome', async (t) => {
  const { ended } = traced(t);
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  await cache.setMany({ a: 1, b: 2 });
  await cache.getMany(['a', 'b']);
  const loaded = await cache.getMany(['b', 'c'], async (keys) => keys);
  await cache.hasMany(['a']);
  await cache.deleteMany(['a', 'b']);
  await assert.rejects(cache.getMany('abc'), TypeError);
  assert.deepEqual(
    outcomes(ended),
    ['setMany', 'getMany', 'getMany', 'hasMany', 'deleteMany', 'getMany'].map((verb) => [
      verb,
      undefined,
      undefined,
      undefined,
    ]),
  );
  assert.deepEqual(ended[2].result, loaded);
  assert.equal(ended[5].error.code, 'INVALID_ARGUMENT');
});
