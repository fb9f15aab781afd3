import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { LazyLayersCache, TELEMETRY_CHANNEL_NAME } from '../index.mjs';
import { turns } from './support/deferred.mjs';

const QUIET = { logging: { enabled: false } };
const loading = (value) => async () => value;

/** Caches whose events are told in JavaScript, and by the engine. */
const CACHES = { 'led in JavaScript': {}, 'led by the engine': { timeouts: { hardMs: 60_000 } } };

/** Does some of everything. */
async function use(cache) {
  await cache.set('a', 1);
  await cache.get('a');
  await cache.get('b');
  await Promise.all([1, 2].map(() => cache.getOrSet('c', loading(2))));
  await cache.getOrSet('d', async () => Promise.reject(new Error('no'))).catch(() => {});
  await cache.delete('a');
  await cache.deleteByPattern('*');
  await turns();
}

for (const [name, options] of Object.entries(CACHES)) {
  test(`a handler is given events of the types that it wants alone: ${name}`, async () => {
    const cache = new LazyLayersCache({ ...QUIET, ...options });
    const all = [];
    const some = [];
    cache.on((event) => void some.push(event), { types: ['miss', 'loader:error', 'set'] });
    await use(cache);
    assert.deepEqual(new Set(some.map(({ type }) => type)), new Set(['miss', 'loader:error', 'set']));
    some.length = 0;
    cache.on((event) => void all.push(event));
    await use(cache);
    assert.ok(all.some(({ type }) => type === 'delete'));
    assert.deepEqual(
      some,
      all.filter(({ type }) => ['miss', 'loader:error', 'set'].includes(type)),
    );
    await cache.close();
  });

  test(`a handler that wants no types is not called: ${name}`, async () => {
    const cache = new LazyLayersCache({ ...QUIET, ...options });
    cache.on(() => assert.fail('called'), { types: [] });
    await use(cache);
    await cache.close();
  });
}

test('a handler that is given again wants the types of both times, once each', async () => {
  const cache = new LazyLayersCache(QUIET);
  const given = [];
  const handler = ({ type }) => void given.push(type);
  cache.on(handler, { types: ['set'] });
  const off = cache.on(handler, { types: ['hit', 'set'] });
  await cache.set('k', 1);
  await cache.get('k');
  assert.deepEqual(given, ['set', 'hit']);
  cache.on(handler);
  await cache.get('other');
  assert.deepEqual(given, ['set', 'hit', 'miss']);
  off();
  await cache.get('k');
  assert.deepEqual(given, ['set', 'hit', 'miss']);
  await cache.close();
});

test('the end of a subscription does not end a later one of the same handler', async () => {
  const cache = new LazyLayersCache(QUIET);
  const given = [];
  const handler = ({ type }) => void given.push(type);
  const ends = [cache.on(handler), cache.on(handler)];
  ends[0]();
  await cache.set('k', 1);
  assert.deepEqual(given, []);
  const end = cache.on(handler, { types: ['set'] });
  for (const earlier of ends) earlier();
  await cache.set('k', 1);
  assert.deepEqual(given, ['set']);
  end();
  await cache.set('k', 1);
  assert.deepEqual(given, ['set']);
  await cache.close();
});

test('the diagnostics channel has all events, whatever handlers want', async () => {
  const cache = new LazyLayersCache(QUIET);
  cache.on(() => {}, { types: ['hit'] });
  const told = [];
  const listener = ({ type }) => void told.push(type);
  channel(TELEMETRY_CHANNEL_NAME).subscribe(listener);
  await cache.set('k', 1);
  await cache.delete('k');
  channel(TELEMETRY_CHANNEL_NAME).unsubscribe(listener);
  assert.deepEqual(told, ['set', 'delete']);
  await cache.close();
});

test('types that are none are refused by name', async () => {
  const cache = new LazyLayersCache(QUIET);
  const refused = (types, error, message) =>
    assert.throws(() => cache.on(() => {}, { types }), { name: error, code: 'INVALID_OPTION', message });
  refused('hit', 'TypeError', /option "types" must be an array of types of events, got "hit"/);
  refused(['hit', 'hits'], 'RangeError', /option "types" must be of "hit", "miss", .*"l2:change", got "hits"/);
  refused([7], 'TypeError', /option "types" must be of "hit", .*, got 7/);
  assert.throws(() => cache.on(() => {}, 7), { code: 'INVALID_OPTION', message: /option "options" must be an object/ });
  await cache.close();
});

test('a cache that a handler closes as a load begins calls no loader', async () => {
  const cache = new LazyLayersCache(QUIET);
  cache.on(() => void cache.close({ timeoutMs: 0 }), { types: ['loader:start'] });
  const loader = () => assert.fail('called');
  await assert.rejects(cache.getOrSet('k', loader), { code: 'CACHE_CLOSED' });
});

test('a value that a handler deletes as its load begins is not stored', async () => {
  const cache = new LazyLayersCache(QUIET);
  cache.on(({ key }) => void cache.delete(key), { types: ['loader:start'] });
  assert.equal(await cache.getOrSet('k', loading(1)), 1);
  assert.equal(await cache.has('k'), false);
  await cache.close();
});

test('an event whose failure cannot even be logged keeps none of the others back', async (context) => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 60_000 } });
  const told = [];
  context.mock.method(console, 'error', () => {
    throw new Error('a console that throws');
  });
  cache.on(({ type }) => {
    told.push(type);
    throw new Error('a handler that throws');
  });
  assert.equal(await cache.getOrSet('k', loading(1)), 1);
  await turns();
  assert.deepEqual(told, ['miss', 'loader:start', 'loader:success', 'set']);
  await cache.close();
});
