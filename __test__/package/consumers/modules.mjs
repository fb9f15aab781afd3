import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as root from 'lazy-layers-cache';
import * as cacheEntry from 'lazy-layers-cache/cache';
import * as busEntry from 'lazy-layers-cache/event-bus';
import * as observability from 'lazy-layers-cache/observability';
import * as types from 'lazy-layers-cache/types';

const require = createRequire(import.meta.url);
const required = require('lazy-layers-cache');

const { LazyLayersCache } = root;
const cache = new LazyLayersCache({ ttlMs: 60_000 });
assert.equal(await cache.getOrSet('key', async () => 'value'), 'value');
assert.equal(await cache.get('key'), 'value');
await cache.close();

for (const entry of [root, cacheEntry, busEntry, observability, types]) {
  for (const name of Object.keys(entry).filter((key) => key !== 'default')) {
    assert.equal(entry[name], required[name], `${name} differs between import and require`);
  }
}
assert.deepEqual(Object.keys(root).sort(), [...Object.keys(required), 'default'].sort());
assert.deepEqual(Object.keys(types), ['default', 'isInspectableStore']);
assert.equal(Object.keys(busEntry).length, 8);
assert.ok(new required.LazyLayersCache() instanceof LazyLayersCache);
console.log('ES modules: fine');
