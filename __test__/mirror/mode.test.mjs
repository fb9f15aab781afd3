// The mode of a mirror: that of each set-up, and that after each change.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { afterEach, test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { heldLoader } from '../support/deferred.mjs';
import { MapStore } from '../support/map-store.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';

const require = createRequire(import.meta.url);
const { MODE } = require('../../lib/memory/mode.js');
const { LIMITS } = require('../../lib/memory/slots.js');

const NAMES = Object.keys(MODE);

/** The name of the mode of a cache or a memory store. */
function modeOf(owner) {
  const [symbol] = Object.getOwnPropertySymbols(owner);
  return NAMES[owner[symbol].mirror.mode.current];
}

const mostKeys = LIMITS.keys;
afterEach(() => {
  LIMITS.keys = mostKeys;
});

const SET_UPS = {
  'no options': [{}, 'LOADS'],
  'remembered absences': [{ negativeCache: { ttlMs: 1000 } }, 'LOADS'],
  'loads that end by a hard timeout': [{ timeouts: { hardMs: 1000 } }, 'WRITES'],
  'few loads in flight': [{ inflight: { maxEntries: 10 } }, 'WRITES'],
  'loads that are never joined': [{ inflight: { enabled: false } }, 'WRITES'],
  'a bound in bytes': [{ levels: { L1: { maxBytes: 1_000_000 } } }, 'READS'],
  'fail-safe': [{ failSafe: { enabled: true, staleTtlMs: 1000 } }, 'READS'],
  'a second layer': [{ l2: new MapStore() }, 'READS'],
  'an event bus': [{ eventBus: new MemoryHub().bus(), name: 'a' }, 'READS'],
  'a memory layer of the user': [{ l1: new MapStore() }, 'OFF'],
  'no memory layer': [{ l1: false, l2: new MapStore() }, 'OFF'],
  versions: [{ versioning: { enabled: true } }, 'OFF'],
};

for (const [name, [options, mode]] of Object.entries(SET_UPS)) {
  test(`the mode is ${mode} with ${name}`, async () => {
    const cache = new LazyLayersCache(options);
    assert.equal(modeOf(cache), mode);
    await cache.close();
  });
}

test('a second cache over a layer leaves writes to both, and loads to neither', () => {
  const store = new MemoryStore();
  assert.equal(modeOf(store), 'LOADS');
  const cache = new LazyLayersCache({ l1: store });
  assert.deepEqual([modeOf(store), modeOf(cache)], ['WRITES', 'WRITES']);
});

for (const [what, options] of [
  ['keeps stale copies', { failSafe: { enabled: true, staleTtlMs: 1000 } }],
  ['remembers absences', { negativeCache: { ttlMs: 1000 } }],
]) {
  test(`a second cache that ${what} leaves reads to the first`, () => {
    const store = new MemoryStore();
    const cache = new LazyLayersCache({ l1: store, ...options });
    assert.deepEqual([modeOf(store), modeOf(cache)], ['READS', 'READS']);
  });
}

test('writes and loads are calls while a request is under way', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const loaded = cache.getOrSet('k', loader, { ttlMs: 1000 });
  assert.equal(modeOf(cache), 'READS');
  loader.resolve('v');
  await loaded;
  assert.equal(modeOf(cache), 'LOADS');
});

test('a request of one cache has the writes of another over the same layer be calls', async () => {
  const store = new MemoryStore();
  const cache = new LazyLayersCache({ l1: store });
  const loader = heldLoader();
  const loaded = cache.getOrSet('k', loader);
  assert.equal(modeOf(store), 'READS');
  loader.resolve('v');
  await loaded;
  assert.equal(modeOf(store), 'WRITES');
});

test('a load that the mirror leads leaves the mode as it is', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const loaded = cache.getOrSet('k', loader);
  assert.equal(modeOf(cache), 'LOADS');
  loader.resolve('v');
  await loaded;
});

test('a call with fail-safe leaves reads for good', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'v', { failSafe: { enabled: true, staleTtlMs: 1000 } });
  assert.equal(modeOf(cache), 'READS');
});

test('a call that remembers an absence leaves the mode of a cache that is alone on its layer', async () => {
  const cache = new LazyLayersCache();
  await cache.getOrSet('k', () => undefined, { negativeCache: { ttlMs: 1000 } });
  assert.equal(modeOf(cache), 'LOADS');
});

test('a call that remembers an absence leaves reads to all caches over a layer', async () => {
  const store = new MemoryStore();
  const cache = new LazyLayersCache({ l1: store });
  await cache.getOrSet('k', () => undefined, { negativeCache: { ttlMs: 1000 } });
  assert.deepEqual([modeOf(store), modeOf(cache)], ['READS', 'READS']);
});

test('a listener changes no mode', () => {
  const cache = new LazyLayersCache();
  const off = cache.on(() => {});
  assert.equal(modeOf(cache), 'LOADS');
  off();
  assert.equal(modeOf(cache), 'LOADS');
});

test('more keys than a Map takes leave reads', async () => {
  LIMITS.keys = 2;
  const cache = new LazyLayersCache();
  for (const key of ['a', 'b', 'c']) await cache.set(key, 1);
  assert.equal(modeOf(cache), 'READS');
});

test('a closed cache does nothing without a call', async () => {
  const store = new MemoryStore();
  const cache = new LazyLayersCache({ l1: store });
  await cache.close();
  assert.deepEqual([modeOf(store), modeOf(cache)], ['WRITES', 'OFF']);
});
