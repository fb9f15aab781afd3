// Hits and writes by the thousand: they are counted, and a part of them is kept.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { ask } from './plain.mjs';

const MOST = 1000;
const made = [];

function cacheOf(maxEvents, options = {}) {
  const observability = { enabled: true, quiet: true, server: false, maxEvents };
  const cache = new LazyLayersCache({ ...options, observability });
  made.push(cache);
  return { cache, tell: async (path) => (await ask(cache.getObservabilityHandler(), `/observelazyily/${path}`)).json };
}

afterEach(async () => {
  for (const cache of made.splice(0)) await cache.close();
});

const kept = async (tell) => (await tell('api/events?limit=10000')).events;

test('of a storm of hits the first are kept, all are counted, and the numbers after it say how many are missing', async () => {
  const { cache, tell } = cacheOf(10_000);
  await cache.set('k', 1);
  for (let at = 0; at < 20_000; at += 1) await cache.get('k');
  const { counters, totalEvents, bufferedEvents } = await tell('api/overview');
  assert.deepEqual([counters.hitsL1, counters.sets, totalEvents], [20_000, 1, 20_001]);
  assert.ok(bufferedEvents > MOST && bufferedEvents < 20_001, String(bufferedEvents));
  assert.equal((await kept(tell)).length, bufferedEvents);
  // It takes hits again once the event loop has turned.
  await until(async () => {
    await cache.get('k');
    return (await kept(tell))[0].seq > 20_000;
  });
  const [last] = await kept(tell);
  assert.deepEqual([last.type, last.data], ['hit', { key: 'k', level: 'L1' }]);
  assert.ok(last.seq <= (await tell('api/overview')).totalEvents);
});

test('of a storm of writes likewise, and no key is said to have never been stored then', async () => {
  const { cache, tell } = cacheOf(10_000);
  const writes = 20_000;
  for (let at = 0; at < writes; at += 1) await cache.set(`k${at % 10}`, at);
  const { counters, totalEvents, bufferedEvents } = await tell('api/overview');
  assert.deepEqual([counters.sets, totalEvents], [writes, writes]);
  assert.ok(bufferedEvents < writes, String(bufferedEvents));
  assert.equal((await tell('api/key?key=none')).layers.l1.reason, 'unknown');
});

test('an event that is neither a hit in L1 nor a write is kept all the same', async () => {
  const { cache, tell } = cacheOf(10_000);
  await cache.set('k', 1);
  for (let at = 0; at < 20_000; at += 1) await cache.get('k');
  for (let at = 0; at < 50; at += 1) await cache.delete(`d${at}`);
  const deletes = (await kept(tell)).filter(({ type }) => type === 'delete');
  assert.equal(deletes.length, 50);
  const seqs = (await kept(tell)).map(({ seq }) => seq);
  assert.deepEqual(
    seqs,
    [...new Set(seqs)].sort((one, other) => other - one),
    'newest first, each number once',
  );
});

test("a handler of users' hears of every hit and write, also of a storm", async () => {
  const { cache, tell } = cacheOf(100);
  const seen = { hit: 0, set: 0 };
  await cache.set('k', 0);
  for (let at = 0; at < 5000; at += 1) await cache.get('k');
  const stop = cache.on(({ type }) => (seen[type] += 1), { types: ['hit', 'set'] });
  for (let at = 0; at < 5000; at += 1) {
    await cache.get('k');
    await cache.set('k', at);
  }
  stop();
  await cache.get('k');
  assert.deepEqual(seen, { hit: 5000, set: 5000 });
  const { counters } = await tell('api/overview');
  assert.deepEqual([counters.hitsL1, counters.sets], [10_001, 5001]);
});

test('caches on one memory layer count their own hits', async () => {
  const { MemoryStore } = await import('../../index.mjs');
  const l1 = new MemoryStore();
  const [one, other] = [cacheOf(10, { l1 }), cacheOf(10, { l1 })];
  await one.cache.set('k', 1);
  for (let at = 0; at < 3000; at += 1) await one.cache.get('k');
  for (let at = 0; at < 7; at += 1) await other.cache.get('k');
  assert.equal((await one.tell('api/overview')).counters.hitsL1, 3000);
  assert.equal((await other.tell('api/overview')).counters.hitsL1, 7);
});
