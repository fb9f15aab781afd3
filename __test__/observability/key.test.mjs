// A key, explained: age, stale copy, and each reason why a layer does not hold it.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisStore, metrics } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { LOGIN } from './plain.mjs';

const made = [];

afterEach(async () => {
  for (const cache of made.splice(0)) await cache.close();
});

function cacheOf(options = {}, dashboard = {}) {
  const observability = { enabled: true, quiet: true, server: false, ...dashboard };
  const cache = new LazyLayersCache({ logging: { enabled: false }, ...options, observability });
  made.push(cache);
  return cache;
}

/** The answer of the dashboard to a path. */
async function ask(cache, path, init = {}) {
  const headers = { authorization: LOGIN, host: 'h', ...init.headers };
  const request = new Request(`http://h/observelazyily/${path}`, { ...init, headers });
  const answer = await cache.getObservabilityHandler().handle(request);
  return { status: answer.status, ...(await answer.json()) };
}

const explain = (cache, key) => ask(cache, `api/key?key=${encodeURIComponent(key)}`);
const act = (cache, action, key) =>
  ask(cache, `api/actions/${action}?key=${key}`, { method: 'POST', headers: { 'x-lazy-layers-action': '1' } });

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('an entry has the age of its value, also one that was overwritten without a call', async () => {
  const cache = cacheOf();
  await cache.set('k', 1);
  await rest(30);
  const before = (await explain(cache, 'k')).layers.l1.entry.ageMs;
  assert.ok(before >= 29 && before < 5000, String(before));
  await cache.set('k', 2);
  const { entry } = (await explain(cache, 'k')).layers.l1;
  assert.ok(entry.ageMs < before, String(entry.ageMs));
  assert.equal(entry.value, 2);
});

test('a stale copy is told with its age and the rest of its life, and there is none where none is kept', async () => {
  const cache = cacheOf({ failSafe: { enabled: true, staleTtlMs: 60_000 }, ttlMs: 20 });
  await cache.set('k', 1);
  await rest(40);
  const { layers, stale } = await explain(cache, 'k');
  assert.equal(layers.l1.reason, 'stale-only');
  assert.match(layers.l1.text, /^expired \d+ ms ago; a copy that was good \d+ ms ago is kept for (60 s|59\.\d s) more/);
  assert.ok(stale.held && stale.ageMs >= 39 && stale.leftMs > 50_000 && stale.leftMs <= 60_000);
  const other = cacheOf();
  await other.set('k', 1);
  assert.equal((await explain(other, 'k')).stale, false);
});

test('an absence that is remembered says for how long', async () => {
  const cache = cacheOf({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', () => undefined);
  const { layers, negative } = await explain(cache, 'k');
  assert.deepEqual([layers.l1.reason, negative], ['negative', true]);
  assert.match(layers.l1.text, /remembered for (60 s|59\.\d s) more/);
});

test('keys with the letters of patterns are exactly those keys', async () => {
  for (const options of [{}, { l2: new MemoryStore() }, { l1: inspectable(), l2: inspectable() }]) {
    const cache = cacheOf(options);
    await cache.set('user:1', 'other');
    await cache.set('user:*', 'star');
    await cache.set('a?c', 'mark');
    for (const [key, value] of [
      ['user:*', 'star'],
      ['a?c', 'mark'],
    ]) {
      const { layers } = await explain(cache, key);
      assert.deepEqual([layers.l1.held, layers.l1.entry.value], [true, value]);
      if (options.l2 !== undefined) assert.deepEqual([layers.l2.held, layers.l2.entry.value], [true, value]);
    }
    assert.equal((await explain(cache, 'abc')).layers.l1.held, false);
    assert.equal((await explain(cache, 'user:**')).layers.l1.held, false);
  }
});

/** A custom store that can be looked into, and counts its calls. */
function inspectable() {
  const store = new MemoryStore();
  const calls = { get: 0, inspect: 0 };
  const counted =
    (name) =>
    (...args) => {
      calls[name] += 1;
      return store[name](...args);
    };
  const methods = ['set', 'has', 'delete', 'deleteByPattern', 'size'].map((name) => [
    name,
    (...args) => store[name](...args),
  ]);
  return { ...Object.fromEntries(methods), get: counted('get'), inspect: counted('inspect'), calls };
}

test("a second layer of the user's is read once, and no page of it is", async () => {
  const l2 = inspectable();
  const cache = cacheOf({ l2 });
  await cache.set('k', { a: 1 });
  Object.assign(l2.calls, { get: 0, inspect: 0 });
  const { layers, same } = await explain(cache, 'k');
  assert.deepEqual([layers.l2.held, layers.l2.entry.value, same], [true, { a: 1 }, true]);
  assert.deepEqual(l2.calls, { get: 1, inspect: 0 });
  assert.equal((await explain(cache, 'none')).layers.l2.held, false);
});

test('a second layer without inspect is explained as well', async () => {
  const { inspect: _, ...l2 } = inspectable();
  const cache = cacheOf({ l2 });
  await cache.set('k', 1);
  assert.equal((await explain(cache, 'k')).layers.l2.entry.value, 1);
});

test('versioned keys are found by the key that callers give', async () => {
  const cache = cacheOf({ versioning: { enabled: true }, l2: new MemoryStore() });
  await cache.delete('k');
  await cache.set('k', 1);
  const { layers } = await explain(cache, 'k');
  assert.deepEqual([layers.l1.held, layers.l2.held], [true, true]);
  assert.equal((await explain(cache, 'k::v1')).layers.l1.held, true);
});

test('a value that L1 does not take says why', async () => {
  const large = cacheOf({ levels: { L1: { maxBytes: 1000 } }, l2: new MemoryStore() });
  await large.set('k', 'x'.repeat(5000));
  const { layers } = await explain(large, 'k');
  assert.deepEqual([layers.l1.reason, layers.l2.held], ['too-large', true]);
  assert.match(layers.l1.text, /levels\.L1\.maxBytes \(1000\)/);
});

test('a delete of another instance is told with its name, by key and by pattern', async () => {
  const hub = new MemoryHub();
  const cache = cacheOf({ eventBus: hub.bus(), source: 'here', name: 'n' });
  const other = new LazyLayersCache({ eventBus: hub.bus(), source: 'there', name: 'n' });
  made.push(other);
  for (const [act, text] of [
    [() => other.delete('k'), /^deleted by the instance there \d+ ms ago/],
    [() => other.deleteByPattern('k*'), /^deleted by the pattern "k\*" of the instance there \d+ ms ago/],
  ]) {
    await cache.set('k', 1);
    await act();
    await until(async () => (await explain(cache, 'k')).layers.l1.held === false);
    const { reason, text: said } = (await explain(cache, 'k')).layers.l1;
    assert.equal(reason, 'invalidated');
    assert.match(said, text);
  }
});

test('expire leaves the stale copy for loads that fail, delete does not', async () => {
  const failSafe = { enabled: true, staleTtlMs: 60_000 };
  const cache = cacheOf({ failSafe, l2: new MemoryStore() }, { actions: true });
  const fails = () => Promise.reject(new Error('down'));
  await cache.set('k', 1);
  assert.deepEqual(await act(cache, 'expire', 'k'), { status: 200, done: true });
  const { layers, stale } = await explain(cache, 'k');
  assert.deepEqual([layers.l1.held, layers.l2.held, stale.held], [false, false, true]);
  assert.equal(layers.l2.reason, 'expired');
  assert.match(layers.l1.text, /^made to expire here \d+ ms ago, before its time; a copy that was good/);
  assert.match(layers.l2.text, /^made to expire here \d+ ms ago/);
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.getOrSet('k', fails), 1);
  assert.equal((await act(cache, 'delete', 'k')).done, true);
  assert.equal((await explain(cache, 'k')).stale, false);
  await assert.rejects(cache.getOrSet('k', fails), /down/);
});

test('refresh says that the next caller loads, and the next caller does', async () => {
  const cache = cacheOf({}, { actions: true });
  await cache.set('k', 'old');
  const told = await act(cache, 'refresh', 'k');
  assert.deepEqual([told.done, told.effect, told.next], [true, 'expired', 'the next getOrSet of the key loads it']);
  assert.equal(await cache.getOrSet('k', () => 'new'), 'new');
});

test('expire ends a load that runs for those who come later', async () => {
  const cache = cacheOf({}, { actions: true });
  let finish;
  const first = cache.getOrSet('k', () => new Promise((resolve) => (finish = resolve)));
  await act(cache, 'expire', 'k');
  const second = cache.getOrSet('k', () => 'second');
  finish('first');
  assert.deepEqual([await first, await second, await cache.get('k')], ['first', 'second', 'second']);
});

test('a load that another instance has overtaken is told as that', async (t) => {
  const { url } = await redisServer(t);
  const storeOf = () => {
    const store = new RedisStore(url);
    t.after(() => store.close());
    return store;
  };
  const cache = cacheOf({ name: 'overtaken', l2: storeOf() });
  const [begun, release] = [deferred(), deferred()];
  const load = cache.getOrSet('k', async () => {
    begun.resolve();
    return await release.promise;
  });
  await begun.promise;
  await storeOf().delete('k');
  release.resolve(1);
  await load;
  const { layers } = await explain(cache, 'k');
  assert.deepEqual([layers.l1.reason, layers.l2.reason], ['overtaken', 'overtaken']);
  assert.match(layers.l1.text, /^a load that ended \d+ ms ago was not kept: another instance had invalidated the key/);
  assert.match(metrics(), /^lazycache_cache_loads_overtaken_total\{cache="overtaken"\} 1$/m);
});
