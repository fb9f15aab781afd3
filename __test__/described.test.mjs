import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { HybridCache, LazyLayersCache } from '../index.mjs';

test('console.log shows of a cache its name, its layers, their sizes and the hit ratio', async () => {
  const l2 = { get: async () => undefined, set: async () => {}, has: async () => false, delete: async () => {} };
  const cache = new LazyLayersCache({ name: 'users', l2 });
  await cache.set('a', { secret: 1 });
  await cache.get('a');
  await cache.get('a');
  await cache.get('b');
  const shown = inspect(cache, { breakLength: Infinity });
  assert.equal(
    shown,
    "LazyLayersCache { name: 'users', L1: { entries: 1 }, L2: 'circuit closed', bus: false, hitRatio: 0.667, loads: 0 }",
  );
  assert.equal(inspect({ cache }, { depth: 0 }).includes('[LazyLayersCache'), true);
  await cache.close();
  assert.equal(inspect(cache), 'LazyLayersCache [closed]');
});

test('it is shown without reads, and in a subclass, a Proxy and a prototype too', async () => {
  class Users extends HybridCache {}
  const cache = new Users({ l1: false });
  assert.match(inspect(cache), /^Users \{ L1: false, L2: false/);
  assert.match(inspect(new Proxy(cache, {}), { showProxy: false }), /^Users \{/);
  assert.equal(typeof inspect(Users.prototype), 'string');
  await cache.close();
});
