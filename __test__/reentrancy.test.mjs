import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { turns } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';
import { MemoryHub } from './support/memory-bus.mjs';

/** Calls every verb of a cache at once, for a place in which nothing may lock up. */
function everyVerb(cache) {
  return Promise.all([
    cache.set('inner', 1),
    cache.get('inner'),
    cache.get('k'),
    cache.has('k'),
    cache.getOrSet('inner loaded', () => 1),
    cache.delete('inner'),
    cache.deleteByPattern('inner*'),
    cache.size(),
  ]);
}

/** Runs a bit of everything on a cache. */
async function outer(cache) {
  await cache.set('k', 1);
  await cache.get('k');
  await cache.getOrSet('loaded', async () => 2);
  await cache.getOrSet('failed', () => Promise.reject(new Error('no'))).catch(() => {});
  await cache.delete('k');
  await cache.deleteByPattern('l*');
  await cache.getOrSet('again', () => 3);
}

test('an event handler may call every verb, at every event', async () => {
  const inner = [];
  let started = 0;
  const cache = new LazyLayersCache({ l2: new MapStore(), eventBus: new MemoryHub().bus() });
  cache.on(() => {
    if (started === 60) return;
    started += 1;
    inner.push(everyVerb(cache));
  });
  await outer(cache);
  assert.equal(await cache.get('again'), 3);
  assert.equal(inner.length, 60);
  await Promise.all(inner);
});

test('a loader may call every verb, also on its own key', async () => {
  const cache = new LazyLayersCache();
  const value = await cache.getOrSet('k', async () => {
    await everyVerb(cache);
    await cache.delete('k');
    return 'v';
  });
  assert.equal(value, 'v');
  assert.equal(await cache.get('k'), undefined);
});

test('a loader that calls verbs without waiting for them works', async () => {
  const cache = new LazyLayersCache();
  const value = cache.getOrSet('k', () => {
    everyVerb(cache).catch(() => {});
    return 'v';
  });
  assert.equal(await value, 'v');
});

test('a loader may set its own key', async () => {
  const cache = new LazyLayersCache();
  const value = await cache.getOrSet('k', async () => {
    await cache.set('k', 'set by the loader');
    return 'loaded';
  });
  assert.equal(value, 'loaded');
  assert.ok(['loaded', 'set by the loader'].includes(await cache.get('k')));
});

test('a custom store may call the cache it belongs to', async () => {
  class Calling extends MapStore {
    async get(key) {
      if (key !== 'inner') await this.cache.get('inner');
      return super.get(key);
    }
  }
  const l2 = new Calling();
  const cache = new LazyLayersCache({ l2 });
  l2.cache = cache;
  await cache.set('k', 'v');
  assert.equal(await cache.get('absent'), undefined);
  assert.equal(await cache.getOrSet('loaded', () => 1), 1);
});

test('a bus that delivers while it publishes works', async () => {
  const hub = new MemoryHub();
  const [one, two] = ['one', 'two'].map((source) => new LazyLayersCache({ eventBus: hub.bus(), source }));
  two.on((event) => {
    if (event.type === 'invalidation:received') two.set('from the handler', 1);
  });
  await outer(one);
  await turns();
  assert.equal(await two.get('from the handler'), 1);
});

test('two caches may share one bus object', async () => {
  const bus = new MemoryHub().bus();
  const [one, two] = ['one', 'two'].map((source) => new LazyLayersCache({ eventBus: bus, source }));
  await two.set('k', 1);
  await one.delete('k');
  await turns(10);
  assert.equal(await two.has('k'), false);
});

test("a cache may be another cache's L2", async () => {
  const below = new LazyLayersCache();
  const cache = new LazyLayersCache({ l2: below });
  await cache.set('k', 'v');
  assert.equal(await below.get('k'), 'v');
  await below.set('only below', 1);
  assert.equal(await cache.get('only below'), 1);
  await cache.deleteByPattern('*');
  assert.equal(await below.size(), 0);
});

test('one MemoryStore may be L1 of one cache and L2 of another', async () => {
  const store = new MemoryStore();
  const [one, two] = [new LazyLayersCache({ l1: store }), new LazyLayersCache({ l2: store })];
  await one.set('k', 'v');
  assert.equal(await two.get('k'), 'v');
  await two.delete('k');
  assert.equal(await one.get('k'), undefined);
});

test('a handler that removes the entry of a hit does not change the answer', async () => {
  for (const read of [(cache) => cache.get('k'), (cache) => cache.getOrSet('k', () => 'loaded')]) {
    const cache = new LazyLayersCache();
    await cache.set('k', 'stored');
    cache.on((event) => {
      if (event.type !== 'hit') return;
      cache.delete('k');
      cache.set('other', 'of another key');
    });
    assert.equal(await read(cache), 'stored');
  }
});
