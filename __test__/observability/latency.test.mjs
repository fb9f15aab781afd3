import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LazyLayersCache, metrics } from '../../index.mjs';
import { deferred } from '../support/deferred.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { check, families } from './exposition.mjs';
import { LOGIN, ask } from './plain.mjs';

let cache;
let handler;

before(() => {
  const l2 = { get: async () => undefined, set: async () => {}, has: async () => false, delete: async () => {} };
  cache = new LazyLayersCache({
    name: 'timed',
    l2,
    eventBus: new MemoryHub().bus(),
    logging: { enabled: false },
    observability: { enabled: true, quiet: true, server: { port: 0 } },
  });
  handler = cache.getObservabilityHandler();
});

after(() => cache.close());

const latency = async () => (await ask(handler, '/observelazyily/api/latency')).json;

test('a latency that was not measured is not known', async () => {
  const { unit, since, histograms } = await latency();
  assert.equal(unit, 'ms');
  assert.ok(Math.abs(since - Date.now()) < 60_000);
  assert.deepEqual(histograms, { l1: null, l2: null, loader: null, publish: null });
});

test('loads, the second layer and the bus are measured', async () => {
  const held = deferred();
  const slow = cache.getOrSet('slow', () => held.promise);
  for (let at = 0; at < 9; at += 1) await cache.getOrSet(`k${at}`, async () => at);
  await cache.getOrSet('fails', () => Promise.reject(new Error('no'))).catch(() => {});
  const begin = performance.now();
  while (performance.now() - begin < 30);
  held.resolve(1);
  await slow;
  const { loader, l2, publish } = (await latency()).histograms;
  assert.equal(loader.count, 11);
  assert.ok(loader.max >= 30, String(loader.max));
  const { p50, p90, p99, p999, max } = loader;
  assert.ok(p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max);
  assert.ok(loader.p50 < 30);
  assert.equal(
    loader.buckets.reduce((sum, [, count]) => sum + count, 0),
    11,
  );
  const bounds = loader.buckets.map(([bound]) => bound);
  assert.deepEqual(
    bounds,
    [...bounds].sort((one, other) => one - other),
  );
  // Each load looked there and stored its value, but the one that failed.
  assert.equal(l2.count, 11 + 10);
  assert.equal(publish.count, 10);
});

test('of calls that L1 answers each 64th is timed, whichever verb it was', async () => {
  const { l1: before } = (await latency()).histograms;
  assert.equal(before, null);
  await cache.set('hit', 1);
  for (let at = 0; at < 64 * 5; at += 1) await (at % 2 === 0 ? cache.get('hit') : cache.getOrSet('hit', () => 2));
  // What is not in L1 is not its answer, nor is it when the turn is its.
  for (let at = 0; at < 64; at += 1) await cache.get(`none${at}`);
  const { l1 } = (await latency()).histograms;
  assert.equal(l1.count, 5);
  assert.ok(l1.p50 > 0 && l1.p50 < 1 && l1.p50 <= l1.p90 && l1.p90 <= l1.p99 && l1.p999 <= l1.max);
  assert.equal(
    l1.buckets.reduce((sum, [, count]) => sum + count, 0),
    5,
  );
});

test('a cache without a dashboard times none', async () => {
  const plain = new LazyLayersCache({ name: 'plain' });
  await plain.set('hit', 1);
  for (let at = 0; at < 1000; at += 1) await plain.get('hit');
  assert.doesNotMatch(metrics(), /cache_l1_call_seconds\w*\{cache="plain"/);
  await plain.close();
});

test('a clock of a test is not taken for time that passed', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const { count } = (await latency()).histograms.l1;
  await cache.set('hit', 1);
  for (let at = 0; at < 640; at += 1) await cache.get('hit');
  assert.equal((await latency()).histograms.l1.count, count);
});

test('the server says the same', async () => {
  const { url } = cache.getObservabilityServer();
  const answer = await fetch(`${url}/api/latency`, { headers: { authorization: LOGIN } });
  assert.deepEqual(await answer.json(), await latency());
});

test('histograms of Prometheus are whole', async () => {
  const text = metrics();
  check(text);
  const { type, samples } = families(text).find(({ name }) => name === 'lazycache_cache_duration_seconds');
  assert.equal(type, 'histogram');
  const calls = families(text).find(({ name }) => name === 'lazycache_cache_l1_call_seconds');
  assert.equal(calls.type, 'histogram');
  assert.ok(calls.samples.some(({ labels }) => labels === '{cache="timed",layer="l1",le="0.0000001"}'));
  whole(calls.samples, 'l1');
  for (const layer of ['bus', 'l2', 'loader']) whole(samples, layer);
});

/** Buckets that add up to all calls. */
function whole(samples, layer) {
  const of = samples.filter(({ labels }) => labels.includes(`layer="${layer}"`));
  const counts = of.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => Number(value));
  assert.deepEqual(
    counts,
    [...counts].sort((one, other) => one - other),
    'buckets add up',
  );
  const total = of.find(({ name }) => name.endsWith('_count')).value;
  assert.equal(String(counts.at(-1)), total, layer);
  assert.ok(Number(of.find(({ name }) => name.endsWith('_sum')).value) > 0);
}
