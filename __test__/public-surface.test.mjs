import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as viaFile from '../index.mjs';

const require = createRequire(import.meta.url);
const NAME = 'lazy-layers-cache';
const cacheNames = [
  'CircuitBreaker',
  'DEFAULT_CACHE_TTL_MS',
  'DEFAULT_INFLIGHT_TTL_MS',
  'DEFAULT_L1_MAX_ENTRIES',
  'GZIP_MIN_BYTES',
  'GZIP_SAVINGS_THRESHOLD',
  'HybridCache',
  'LazyLayersCache',
  'MemoryStore',
  'NULL_SENTINEL',
  'RedisStore',
  'cached',
  'createCache',
  'defineStore',
  'deserialize',
  'estimateValueBytes',
  'getCompressionSavings',
  'hasPrefix',
  'inspectBuffer',
  'isInspectableStore',
  'processStats',
  'serialize',
  'serializeWithStats',
  'shouldGzip',
  'sizeSavings',
  'stripPrefix',
];
const observabilityNames = [
  'ObservabilityCollector',
  'ObservabilityInspector',
  'TELEMETRY_CHANNEL_NAME',
  'createObservabilityHandler',
  'hasTelemetrySubscribers',
  'health',
  'metrics',
  'normalizeRoute',
  'publishTelemetry',
  'renderDashboard',
  'renderPrometheus',
  'resolveObservabilityOptions',
  'startObservabilityServer',
  'subscribeTelemetry',
];
const busNames = [
  'NatsEventBus',
  'RabbitMQEventBus',
  'RedisEventBus',
  'decodeInvalidationEvent',
  'decodeInvalidationEvents',
  'defineTransport',
  'encodeInvalidationEvent',
];
const entryPoints = {
  [NAME]: [...cacheNames, ...busNames, ...observabilityNames],
  [`${NAME}/cache`]: cacheNames,
  [`${NAME}/event-bus`]: busNames,
  [`${NAME}/observability`]: observabilityNames,
  [`${NAME}/otel`]: ['instrument'],
  [`${NAME}/testing`]: ['busContract', 'manualClock', 'storeContract'],
  [`${NAME}/types`]: ['isInspectableStore'],
};

/** The names a module gives out, without what a module system adds by itself. */
const namesOf = (module) =>
  Object.keys(module)
    .filter((name) => !['default', 'module.exports', '__esModule'].includes(name))
    .sort();

for (const [entry, names] of Object.entries(entryPoints)) {
  test(`${entry} exports its names through import`, async () => {
    assert.deepEqual(namesOf(await import(entry)), [...names].sort());
  });

  test(`${entry} exports its names through require`, () => {
    assert.deepEqual(namesOf(require(entry)), [...names].sort());
  });

  test(`${entry} has the same values through import and require`, async () => {
    const [imported, required] = [await import(entry), require(entry)];
    const root = require(NAME);
    for (const name of names) {
      assert.equal(imported[name], required[name], name);
      if (![`${NAME}/otel`, `${NAME}/testing`].includes(entry)) assert.equal(imported[name], root[name], name);
    }
  });
}

test('an object made through require is an instance of the class seen through import', async () => {
  const imported = await import(NAME);
  const required = require(`${NAME}/cache`);
  assert.ok(new required.LazyLayersCache() instanceof imported.LazyLayersCache);
  assert.ok(new required.MemoryStore() instanceof imported.MemoryStore);
  assert.ok(new required.CircuitBreaker() instanceof viaFile.CircuitBreaker);
});

test('LazyLayersCache extends HybridCache', () => {
  const { HybridCache, LazyLayersCache } = viaFile;
  assert.ok(new LazyLayersCache() instanceof HybridCache);
  assert.ok(LazyLayersCache.prototype instanceof HybridCache);
});

test('createCache returns a LazyLayersCache, with and without options', async () => {
  const { createCache, LazyLayersCache } = viaFile;
  assert.ok(createCache() instanceof LazyLayersCache);
  const cache = createCache({ levels: { L1: { maxEntries: 1 } } });
  await cache.set('a', 1);
  await cache.set('b', 2);
  assert.equal(await cache.size(), 1);
});

test('HybridCache is a cache by itself', async () => {
  const cache = new viaFile.HybridCache();
  await cache.set('k', 1);
  assert.equal(await cache.get('k'), 1);
});

test('the defaults are exported', () => {
  assert.equal(viaFile.DEFAULT_CACHE_TTL_MS, 3_600_000);
  assert.equal(viaFile.DEFAULT_L1_MAX_ENTRIES, 1_000);
  assert.equal(viaFile.DEFAULT_INFLIGHT_TTL_MS, 5_000);
});

test('LazyLayersCache and HybridCache can be extended', async () => {
  class Mine extends viaFile.LazyLayersCache {
    async get(key) {
      return (await super.get(key)) ?? 'fallback';
    }
    own() {
      return 'own';
    }
  }
  const cache = new Mine({ ttlMs: 1_000 });
  assert.equal(await cache.get('absent'), 'fallback');
  assert.equal(cache.own(), 'own');
  assert.ok(cache instanceof viaFile.HybridCache);
});

test('every method of a cache returns a promise', async () => {
  const cache = new viaFile.LazyLayersCache();
  const answers = [
    cache.set('k', 1),
    cache.get('k'),
    cache.getOrSet('k', () => 1),
    cache.has('k'),
    cache.delete('k'),
    cache.deleteByPattern('k*'),
    cache.clear(),
    cache.size(),
  ];
  for (const answer of answers) assert.ok(answer instanceof Promise);
  await Promise.all(answers);
});

test('classes are not callable without new', () => {
  for (const Class of [viaFile.LazyLayersCache, viaFile.MemoryStore, viaFile.CircuitBreaker]) {
    assert.throws(() => Class(), TypeError);
  }
});

test('the methods of a dashboard are harmless where it is off', async () => {
  const { createCache } = await import(NAME);
  const cache = createCache({ observability: false });
  assert.equal(cache.getObservabilityHandler(), undefined);
  assert.equal(cache.getObservabilityServer(), undefined);
  assert.equal(await cache.closeObservability(), undefined);
  await cache.close();
  assert.equal(await cache.closeObservability(), undefined);
});
