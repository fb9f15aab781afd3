'use strict';

const assert = require('node:assert/strict');
const root = require('lazy-layers-cache');
const { LazyLayersCache, MemoryStore } = require('lazy-layers-cache/cache');
const { subscribeTelemetry } = require('lazy-layers-cache/observability');
const { version } = require('lazy-layers-cache/package.json');

async function main() {
  assert.equal(root.LazyLayersCache, LazyLayersCache);
  assert.equal(require('lazy-layers-cache/event-bus').NatsEventBus, root.NatsEventBus);
  assert.equal(require('lazy-layers-cache/types').isInspectableStore, root.isInspectableStore);

  const seen = [];
  const unsubscribe = subscribeTelemetry((event) => seen.push(event.type));
  const cache = new LazyLayersCache({ l1: new MemoryStore() });
  assert.equal(await cache.getOrSet('key', async () => version), version);
  assert.equal(await cache.get('key'), version);
  unsubscribe();
  await cache.close();
  assert.ok(seen.includes('loader:start') && seen.includes('hit'));
  console.log(`CommonJS: ${version}`);
}

main();
