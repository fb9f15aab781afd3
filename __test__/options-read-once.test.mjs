// Options are read once, as they are then: objects that change later have no effect. Inherited options and accessors of
// classes count as well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cached, LazyLayersCache, RedisStore, resolveObservabilityOptions } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';

function cacheOf(t, options = {}) {
  const cache = new LazyLayersCache({ logging: { enabled: false }, ...options });
  t.after(() => cache.close());
  return cache;
}

/** The lifetime that `load` gives its value, by the cache behind it. */
async function lifetimeOf(cache, key, load) {
  await load();
  return (await cache.getEntry(key)).ttlMs > 1000 ? 'long' : 'short';
}

/** Options with accessors alone, as a class has them. */
class Accessors {
  get ttlMs() {
    return 500;
  }

  get key() {
    return () => 'k';
  }
}

test('wrap: groups and tags that change later have no effect', async (t) => {
  const cache = cacheOf(t);
  const options = { key: () => 'k', levels: { L1: { ttlMs: 500 } }, tags: ['a'], batch: { windowMs: 0 } };
  const read = cache.wrap(() => 1, { ...options, loadMany: (calls) => calls.map(() => 1) });
  options.levels.L1.ttlMs = 'later';
  options.batch.windowMs = 'later';
  options.tags.push(5);
  assert.equal(await lifetimeOf(cache, 'k', () => read()), 'short');
  assert.deepEqual(await cache.tags(), [{ tag: 'a', entries: 1 }]);
});

test('wrap: inherited options and accessors count', async (t) => {
  const cache = cacheOf(t);
  const read = cache.wrap(() => 1, new Accessors());
  assert.equal(await lifetimeOf(cache, 'k', () => read()), 'short');
  assert.throws(() => cache.wrap(() => 1, Object.create({ key: () => 'k', ttlMs: 'x' })), { message: /"ttlMs"/ });
});

test('@cached: options are those of the decoration', async (t) => {
  const cache = cacheOf(t);
  const options = { key: () => 'k', ttlMs: 500, levels: { L1: {} } };
  const read = cached(cache, options)(async () => 1, { kind: 'method', name: 'read' });
  Object.assign(options, { key: () => 'other', ttlMs: 'later', loadMany: 5 });
  options.levels.L1.ttlMs = 'later';
  assert.equal(await lifetimeOf(cache, 'k', () => read.call({})), 'short');
});

test('a namespace: groups and tags that change later have no effect, accessors count', async (t) => {
  const cache = cacheOf(t);
  const options = { tags: ['a'], levels: { L1: { ttlMs: 500 } } };
  const users = cache.namespace('users', options);
  options.tags.push(5);
  options.levels.L1.ttlMs = 'later';
  assert.equal(await lifetimeOf(cache, 'users:k', () => users.set('k', 1)), 'short');
  const others = cache.namespace('others', new Accessors());
  assert.equal(await lifetimeOf(cache, 'others:k', () => others.set('k', 1)), 'short');
  const laidOver = cache.namespace('over', { xfetch: 1 });
  assert.equal(await lifetimeOf(cache, 'over:k', () => laidOver.set('k', 1, new Accessors())), 'short');
});

test('a namespace: a custom store gets what is no option as it was given', async (t) => {
  const l2 = new MapStore();
  const users = cacheOf(t, { l2 }).namespace('users', { ttlMs: 500 });
  const given = { region: new Date(0), labels: new Map([['a', 1]]), list: [1], nothing: null };
  await users.set('k', 1, given);
  const [{ args }] = l2.callsOf('set');
  assert.deepEqual(args[2], { ...given, ttlMs: 500 });
  for (const name of ['region', 'labels', 'list']) assert.equal(args[2][name], given[name], name);
});

test('a namespace: what a call leaves undefined is its own, and no name changes the class of the copy', async (t) => {
  const given = [];
  const l2 = new MapStore();
  l2.set = (...args) => given.push(args[2]);
  const users = cacheOf(t, { l2 }).namespace('users', { region: 'eu' });
  await users.set('k', 1, { region: undefined });
  await users.set('k', 1, JSON.parse('{"__proto__":{"region":"us"},"region":"eu"}'));
  for (const options of given) {
    assert.equal(options.region, 'eu');
    assert.equal(Object.getPrototypeOf(options), Object.prototype);
  }
  assert.equal(given.length, 2);
});

test('a cache over a RedisStore: inherited options and accessors count', async (t) => {
  const store = new RedisStore('redis://127.0.0.1:1');
  t.after(() => store.close());
  const options = Object.assign(new Accessors(), { l2: store, logging: { enabled: false } });
  const cache = new LazyLayersCache(options);
  t.after(() => cache.close());
  assert.equal((await cache.getOrSetEntry('k', () => 1)).ttlMs, 500);
});

test('the dashboard: shows the options that the cache was made with', async (t) => {
  const failSafe = { enabled: true };
  const levels = { L1: { maxEntries: 7 } };
  const resilience = { l2TimeoutMs: 5 };
  const observability = { enabled: true, server: false, quiet: true, auth: { disabled: true } };
  const options = { ttlMs: 1000, failSafe, levels, resilience, observability, logging: { enabled: false } };
  const cache = new LazyLayersCache(options);
  t.after(() => cache.close());
  for (const group of [failSafe, levels.L1, resilience, options]) {
    for (const name of Object.keys(group)) group[name] = 'changed';
  }
  const handler = cache.getObservabilityHandler();
  const answer = await handler.handle(new Request('http://127.0.0.1/observelazyily/api/config'));
  const shown = await answer.json();
  assert.deepEqual(shown.layers.l1, { enabled: true, inspectable: true, maxEntries: 7, ttlMs: 1000 });
  assert.deepEqual(shown.features.failSafe, { enabled: true });
  assert.ok(!JSON.stringify(shown).includes('changed'));
});

test('the dashboard: inherited options of it count', () => {
  const redact = () => 'hidden';
  const resolved = resolveObservabilityOptions(Object.create({ values: 'hidden', actions: true, redact }));
  assert.deepEqual([resolved.values, resolved.actions, resolved.redact], ['hidden', true, redact]);
});
