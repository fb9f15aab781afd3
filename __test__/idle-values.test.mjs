import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { pass } from './support/deferred.mjs';
import { survivors } from './support/garbage.mjs';

/** Stores a value that nobody else holds. */
async function store(cache, key) {
  const value = { key };
  await cache.set(key, value, { ttlMs: 10 });
  return new WeakRef(value);
}

test('size() lets go of all values that have expired', async () => {
  const cache = new LazyLayersCache();
  const held = [];
  for (let key = 0; key < 500; key++) held.push(await store(cache, `k${key}`));
  await pass(10);
  assert.equal(await cache.size(), 0);
  assert.equal(await survivors(held), 0);
});

/** Has a cache apply events whose field cannot be read, each with a value that nobody else holds. */
async function applyUnreadable(handler, field) {
  const value = { field };
  const unreadable = {
    get() {
      throw new Error('unreadable');
    },
  };
  const event = { type: 'set', keys: ['k'], value, id: `${field}-${Math.random()}`, source: 'other', ts: Date.now() };
  await assert.rejects(handler(Object.defineProperty(event, field, unreadable)), { message: 'unreadable' });
  return new WeakRef(value);
}

test('an event of a bus with a field that cannot be read leaves nothing behind', async () => {
  const handlers = [];
  const eventBus = { subscribe: (handler) => void handlers.push(handler), publish() {} };
  const cache = new LazyLayersCache({ eventBus });
  const held = [];
  for (const field of ['id', 'source', 'cache', 'ts', 'ttlMs', 'generation', 'expires', 'tags', 'etag']) {
    held.push(await applyUnreadable(handlers[0], field));
  }
  assert.equal(await survivors(held), 0);
  assert.equal(await cache.size(), 0);
  await cache.close();
});
