import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';
import { turns } from './support/deferred.mjs';

test('on calls its handler with every event', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.set('k', 1);
  await cache.get('k');
  await cache.get('absent');
  await cache.delete('k');
  assert.deepEqual(seen.types(), ['set', 'hit', 'miss', 'delete']);
});

test("a handler has heard of a call's events when the call is answered", async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.getOrSet('k', () => 1);
  assert.deepEqual(seen.types().slice().sort(), ['loader:start', 'loader:success', 'miss', 'set']);
});

test('on returns a function that ends the subscription', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.set('k', 1);
  seen.stop();
  await cache.get('k');
  assert.deepEqual(seen.types(), ['set']);
});

test('ending a subscription twice does no harm', async () => {
  const cache = new LazyLayersCache();
  const first = record(cache);
  const second = record(cache);
  first.stop();
  first.stop();
  await cache.set('k', 1);
  assert.deepEqual(second.types(), ['set']);
});

test('a subscription that was ended does not end a later one of the same handler', async () => {
  const cache = new LazyLayersCache();
  const keys = [];
  const handler = ({ key }) => keys.push(key);
  const ends = [cache.on(handler, { types: ['set'] }), cache.on(handler, { types: ['delete'] })];
  ends[0]();
  await cache.set('a', 1);
  cache.on(handler, { types: ['set'] });
  for (const end of ends) end();
  await cache.set('b', 1);
  assert.deepEqual(keys, ['b']);
});

test('every handler is given every event', async () => {
  const cache = new LazyLayersCache();
  const [first, second] = [record(cache), record(cache)];
  await cache.set('k', 1);
  assert.deepEqual(first.types(), ['set']);
  assert.deepEqual(second.types(), ['set']);
});

test('the handlers in the options are given every event', async () => {
  const seen = [[], []];
  const cache = new LazyLayersCache({ events: seen.map((list) => (event) => list.push(event.type)) });
  await cache.set('k', 1);
  await cache.get('k');
  assert.deepEqual(seen, [
    ['set', 'hit'],
    ['set', 'hit'],
  ]);
});

test('a handler that throws disturbs neither the call nor other handlers', async () => {
  const cache = new LazyLayersCache({ logging: { enabled: false } });
  cache.on(() => {
    throw new Error('handler');
  });
  const seen = record(cache);
  await cache.set('k', 1);
  assert.equal(await cache.get('k'), 1);
  assert.equal(await cache.getOrSet('other', () => 2), 2);
  await cache.delete('k');
  assert.ok(seen.types().includes('delete'));
  assert.ok(seen.types().includes('loader:success'));
});

test('a handler in the options that throws disturbs nothing', async () => {
  const handler = () => {
    throw new Error('handler');
  };
  const cache = new LazyLayersCache({ events: [handler], logging: { enabled: false } });
  await cache.set('k', 1);
  assert.equal(await cache.get('k'), 1);
});

test('a handler may end its own subscription while it is called', async () => {
  const cache = new LazyLayersCache();
  let calls = 0;
  const stop = cache.on(() => {
    calls += 1;
    stop();
  });
  const seen = record(cache);
  await cache.set('k', 1);
  await cache.get('k');
  assert.equal(calls, 1);
  assert.deepEqual(seen.types(), ['set', 'hit']);
});

test('a handler may call the cache', async () => {
  const cache = new LazyLayersCache();
  let inner;
  cache.on((event) => {
    if (event.type === 'miss') inner ??= cache.set('from the handler', 1);
  });
  await cache.get('absent');
  await inner;
  assert.equal(await cache.get('from the handler'), 1);
});

test("caches do not hear each other's events", async () => {
  const [one, two] = [new LazyLayersCache(), new LazyLayersCache()];
  const seen = record(two);
  await one.set('k', 1);
  await turns();
  assert.deepEqual(seen.events, []);
});

test('on refuses a handler that is not a function', () => {
  const cache = new LazyLayersCache();
  for (const handler of [undefined, null, {}, 'hit']) assert.throws(() => cache.on(handler), TypeError);
});
