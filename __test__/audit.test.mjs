import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../index.mjs';
import { heldLoader, isPending, turns } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';
import { redisServer } from './support/servers/redis.mjs';

const audited = (audit, options) =>
  new LazyLayersCache({ audit: { rate: 1, ...audit }, logging: { enabled: false }, ...options });

test('a hit is loaded again after it was answered, and counted as fresh', async () => {
  const cache = audited();
  await cache.set('k', { n: 1 });
  const loader = heldLoader();
  assert.deepEqual(await cache.getOrSet('k', loader), { n: 1 });
  assert.equal(loader.calls, 0, 'called before the hit was answered');
  await loader.called;
  loader.resolve({ n: 1 });
  await cache.drain();
  const { audits, auditAges, hits, loads } = cache.stats();
  assert.deepEqual(audits, { freshL1: 1, freshL2: 0, staleL1: 0, staleL2: 0, unknown: 0 });
  assert.deepEqual(auditAges[0], { upToMs: 1000, fresh: 1, stale: 0 });
  assert.equal(hits.L1, 1);
  assert.equal(loads.started, 0);
});

test('another value is stale: it is counted and told, and nothing is stored', async () => {
  const cache = audited();
  const seen = record(cache);
  await cache.set('k', 1);
  assert.equal(await cache.getOrSet('k', () => 2), 1);
  await cache.drain();
  assert.equal(cache.peek('k'), 1);
  const [{ ageMs, ...event }] = seen.of('audit:stale');
  assert.deepEqual(event, { type: 'audit:stale', key: 'k', level: 'L1' });
  assert.ok(ageMs >= 0);
  assert.equal(cache.stats().audits.staleL1, 1);
});

test('a loader that finds nothing any more shows a stale value', async () => {
  const cache = audited();
  await cache.set('k', 1);
  await cache.getOrSet('k', () => undefined);
  await cache.drain();
  assert.equal(cache.stats().audits.staleL1, 1);
});

for (const ttlMs of [60_000, 0]) {
  test(`with repair a stale value is replaced, here and in L2, with a ttlMs of ${ttlMs}`, async () => {
    const l2 = new MapStore();
    const cache = audited({ repair: true }, { l2, ttlMs });
    const seen = record(cache);
    await cache.set('k', 1);
    const options = { tags: undefined, shouldCache: (value) => value !== 3 };
    assert.equal(await cache.getOrSet('k', () => 2, options), 1);
    await cache.drain();
    assert.equal(cache.peek('k'), 2);
    assert.deepEqual([...l2.map.values()], [2]);
    assert.equal(seen.of('refresh').length, 1);
    assert.equal(seen.of('delete').length, 0);
    assert.equal(await cache.getOrSet('k', () => 3, options), 2);
    await cache.drain();
    assert.equal(cache.peek('k'), 2, 'a value that is not to be stored repairs nothing');
  });
}

test('with repair a key without a value is deleted, and so is one that is in L2 alone', async () => {
  const l2 = new MapStore();
  const cache = audited({ repair: true }, { l2 });
  await cache.set('k', 1);
  await cache.getOrSet('k', () => undefined);
  await cache.drain();
  assert.deepEqual([cache.peek('k'), l2.map.size], [undefined, 0]);
  const without = audited({ repair: true }, { l1: false, l2 });
  await without.set('k', 1);
  await without.getOrSet('k', () => 2);
  await without.drain();
  assert.equal(l2.map.size, 0);
  assert.equal(await without.getOrSet('k', () => 3), 3);
});

for (const [what, overtake] of Object.entries({
  delete: (cache) => cache.delete('k'),
  pattern: (cache) => cache.deleteByPattern('k*'),
  tag: (cache) => cache.deleteByTag('t'),
  set: (cache) => cache.set('k', 3),
})) {
  test(`a ${what} during a repair drops its value`, async () => {
    const cache = audited({ repair: true });
    await cache.set('k', 1, { tags: ['t'] });
    const repair = heldLoader();
    let calls = 0;
    await cache.getOrSet('k', (context) => (++calls === 1 ? 2 : repair(context)), { tags: ['t'] });
    await repair.called;
    await overtake(cache);
    const held = cache.peek('k');
    repair.resolve(2);
    await cache.drain();
    assert.equal(cache.peek('k'), held);
  });
}

test('a repair at an instance that has not heard of an invalidation is stored nowhere', async (t) => {
  const server = await redisServer(t);
  const make = (audit) => {
    const l2 = new RedisStore(server.url);
    const cache = new LazyLayersCache({ l2, logging: { enabled: false }, audit });
    t.after(async () => {
      await cache.close();
      await l2.close();
    });
    return cache;
  };
  const [one, other] = [make({ rate: 1, repair: true }), make()];
  await one.set('k', 1);
  const repair = heldLoader();
  let calls = 0;
  await one.getOrSet('k', (context) => (++calls === 1 ? 2 : repair(context)));
  await repair.called;
  await other.delete('k');
  repair.resolve(2);
  await one.drain();
  assert.deepEqual([await one.get('k'), await other.get('k')], [undefined, undefined]);
  await one.set('k', 1);
  await one.getOrSet('k', () => 2);
  await one.drain();
  assert.deepEqual([one.peek('k'), await other.get('k')], [2, 2]);
});

test('a hit of L2 is counted as one', async () => {
  const cache = audited({}, { l1: false, l2: new MapStore([['k', { n: 1 }]]) });
  await cache.getOrSet('k', () => ({ n: 1 }));
  await cache.drain();
  await cache.getOrSet('k', () => ({ n: 2 }));
  await cache.drain();
  assert.deepEqual(cache.stats().audits, { freshL1: 0, freshL2: 1, staleL1: 0, staleL2: 1, unknown: 0 });
});

for (const [what, overtake] of Object.entries({
  'a delete': (cache) => cache.delete('k'),
  'a pattern': (cache) => cache.deleteByPattern('*'),
  'a set': (cache) => cache.set('k', 3),
  'an expire': (cache) => cache.expire('k'),
})) {
  test(`${what} during an audit drops its result`, async () => {
    const cache = audited({ repair: true });
    const seen = record(cache);
    await cache.set('k', 1);
    const loader = heldLoader();
    await cache.getOrSet('k', loader);
    await loader.called;
    await overtake(cache);
    const held = cache.peek('k');
    loader.resolve(2);
    await cache.drain();
    assert.equal(cache.peek('k'), held);
    assert.deepEqual(seen.of('audit:stale'), []);
    assert.deepEqual(cache.stats().audits, { freshL1: 0, freshL2: 0, staleL1: 0, staleL2: 0, unknown: 1 });
  });
}

test('an audit whose loader fails tells nothing', async () => {
  const cache = audited();
  const seen = record(cache);
  await cache.set('k', 1);
  assert.equal(
    await cache.getOrSet('k', async () => {
      throw new Error('no');
    }),
    1,
  );
  await cache.drain();
  assert.equal(cache.stats().audits.unknown, 1);
  assert.deepEqual(seen.of('loader:error'), []);
});

for (const [what, outcome, loader, options] of [
  ['fails', 'unknown', (context) => context.fail(new Error('no'))],
  ['does not want its value stored', 'unknown', (context) => (context.skip(), 2)],
  ['loads what the call does not store', 'unknown', () => 2, { shouldCache: (value) => value !== 2 }],
  ['loads what the call stores', 'staleL1', () => 3, { shouldCache: (value) => value !== 2 }],
  ['finds nothing, and says for how long', 'staleL1', (context) => context.setOptions({ ttlMs: 5 })],
  ['says that the held value is still true', 'freshL1', (context) => void context.notModified()],
]) {
  test(`an audit whose loader ${what} counts as ${outcome}`, async () => {
    const cache = audited({ repair: true });
    await cache.set('k', 1);
    assert.equal(await cache.getOrSet('k', loader, options), 1);
    await cache.drain();
    const { audits } = cache.stats();
    assert.deepEqual(audits, { freshL1: 0, freshL2: 0, staleL1: 0, staleL2: 0, unknown: 0, [outcome]: 1 });
    const repaired = what.startsWith('finds nothing') ? undefined : 3;
    assert.equal(cache.peek('k'), outcome === 'staleL1' ? repaired : 1);
  });
}

test('an audit of a cache that stores some values alone does not judge by the others', async () => {
  const cache = audited({ repair: true }, { shouldCache: (value) => value.isWhole });
  await cache.set('k', { isWhole: true });
  await cache.getOrSet('k', () => ({ isWhole: false }));
  await cache.drain();
  assert.equal(cache.stats().audits.unknown, 1);
  assert.deepEqual(cache.peek('k'), { isWhole: true });
});

test('a loader that an audit calls knows the tags of its call', async () => {
  const cache = audited();
  const options = { tags: ['x'] };
  await cache.getOrSet('k', () => 1, options);
  let tags;
  await cache.getOrSet('k', (context) => ((tags = context.tags), 1), options);
  await cache.drain();
  assert.deepEqual(tags, ['x']);
});

test('of a key one audit runs at a time, and of all as many as maxConcurrent', async () => {
  const cache = audited({ maxConcurrent: 2 });
  await cache.setMany({ a: 1, b: 1, c: 1 });
  const loaders = { a: heldLoader(), b: heldLoader(), c: heldLoader() };
  for (const key of ['a', 'a', 'b', 'c']) await cache.getOrSet(key, loaders[key]);
  await Promise.all([loaders.a.called, loaders.b.called]);
  await turns();
  assert.deepEqual(
    Object.values(loaders).map(({ calls }) => calls),
    [1, 1, 0],
  );
  for (const loader of Object.values(loaders)) loader.resolve(1);
  await cache.drain();
  assert.equal(cache.stats().audits.freshL1, 2);
});

test('a miss is loaded once, and a get is never audited', async () => {
  const cache = audited();
  let calls = 0;
  const load = () => (calls += 1);
  await cache.getOrSet('k', load);
  await cache.get('k');
  await cache.drain();
  assert.equal(calls, 1);
  assert.equal(cache.stats().audits.freshL1 + cache.stats().audits.staleL1, 0);
});

test('about the share of hits that was asked for is audited', async () => {
  const cache = audited({ rate: 0.1, maxConcurrent: 1 });
  await cache.set('k', 1);
  for (let call = 0; call < 3000; call += 1) {
    await cache.getOrSet('k', () => 1);
    if (call % 2 === 0) await cache.drain();
  }
  await cache.drain();
  const { freshL1 } = cache.stats().audits;
  assert.ok(freshL1 > 150 && freshL1 < 450, `${freshL1} of 3000`);
});

test('compare decides which values are equal, and one that throws decides nothing', async () => {
  const seen = [];
  const cache = audited({
    compare: (held, loaded) => {
      seen.push([held, loaded]);
      return held.version === loaded.version;
    },
  });
  await cache.set('k', { version: 1, at: 1 });
  await cache.getOrSet('k', () => ({ version: 1, at: 2 }));
  await cache.drain();
  assert.deepEqual(seen, [
    [
      { version: 1, at: 1 },
      { version: 1, at: 2 },
    ],
  ]);
  assert.equal(cache.stats().audits.freshL1, 1);
  await cache.getOrSet('k', () => null);
  await cache.drain();
  assert.equal(cache.stats().audits.unknown, 1);
});

test('compare that returns a promise is logged, and decides nothing', async (t) => {
  const logged = t.mock.method(console, 'error', () => {});
  for (const compare of [async () => true, () => Promise.reject(new Error('late'))]) {
    const cache = audited({ compare }, { logging: { env: 'test' } });
    await cache.set('k', 1);
    await cache.getOrSet('k', () => 2);
    await cache.drain();
    const { freshL1, staleL1, unknown } = cache.stats().audits;
    assert.deepEqual([freshL1, staleL1, unknown], [0, 0, 1]);
  }
  assert.match(logged.mock.calls[0].arguments[1], /"audit.compare" failed/);
  assert.match(String(logged.mock.calls[0].arguments[2]), /returns true or false, got an object \(Promise\)/);
});

test('values are compared as they are stored: those of L2 have no classes', async () => {
  class User {
    constructor(id) {
      this.id = id;
    }
  }
  const cache = audited({}, { l1: false, l2: new MapStore([['k', { id: 1 }]]) });
  await cache.getOrSet('k', () => new User(1));
  await cache.drain();
  assert.equal(cache.stats().audits.freshL2, 1);
});

test('background is given an audit, in the async context of its call, where its loader runs', async () => {
  const store = new AsyncLocalStorage();
  const handed = [];
  const cache = audited({}, { background: (promise, work) => handed.push([promise, work, store.getStore()]) });
  await cache.set('k', 1);
  const loader = heldLoader();
  let context;
  await store.run('request', () =>
    cache.getOrSet('k', (...args) => {
      context = store.getStore();
      return loader(...args);
    }),
  );
  const [[promise, work, inContext]] = handed;
  assert.deepEqual([work, inContext], [{ key: 'k', reason: 'audit' }, 'request']);
  assert.ok(await isPending(promise));
  loader.resolve(1);
  await promise;
  assert.equal(context, 'request');
});

test('namespaces count their audits, and not the loads of these', async () => {
  const cache = audited();
  const users = cache.namespace('user');
  await users.set('1', 1);
  await users.getOrSet('1', () => 2);
  await cache.drain();
  assert.deepEqual(cache.stats().namespaces, [
    { namespace: 'user', hits: 1, misses: 0, loads: 0, sets: 1, deletes: 0, stale: 1 },
  ]);
});

test('an audit keeps to the limit of loads', async () => {
  const cache = audited({}, { loads: { maxConcurrent: 1 } });
  await cache.set('k', 1);
  const held = heldLoader();
  const running = cache.getOrSet('other', held);
  await held.called;
  await cache.getOrSet('k', () => assert.fail('called'));
  await turns();
  held.resolve(1);
  await running;
  await cache.drain();
  await cache.getOrSet('k', () => 1);
  await cache.drain();
  assert.equal(cache.stats().audits.freshL1, 1);
});

test('closing aborts audits', async () => {
  const cache = audited();
  await cache.set('k', 1);
  const loader = heldLoader();
  await cache.getOrSet('k', loader);
  const { signal } = await loader.called;
  await cache.close({ timeoutMs: 0 });
  assert.equal(signal.aborted, true);
  loader.resolve(1);
});

test('bad options are refused', () => {
  for (const [audit, message] of [
    [{ rate: 2 }, /"audit\.rate" must be a number from 0 to 1, got 2/],
    [{ rate: 'all' }, /"audit\.rate"/],
    [{ rate: 1, compare: 1 }, /"audit\.compare" must be a function/],
    [{ rate: 1, repair: 1 }, /"audit\.repair" must be true or false/],
    [{ rate: 1, maxConcurrent: 0 }, /"audit\.maxConcurrent" must be a positive integer/],
    [1, /"audit" must be an object/],
  ]) {
    assert.throws(() => new LazyLayersCache({ audit }), { code: 'INVALID_OPTION', message });
  }
});
