import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, ObservabilityCollector, health, metrics, renderPrometheus } from '../../index.mjs';
import { check, families } from './exposition.mjs';

/** Names, helps, types and lines of the contract, in their order. */
const CONTRACT = `hits_total|Cache hits by level|counter|{level="l1"} {level="l2"}
misses_total|Cache misses by level|counter|{level="l1"} {level="l2"} {level="negative"}
writes_total|Set operations|counter|
deletes_total|Delete operations by kind|counter|{kind="key"} {kind="pattern"}
loader_total|Loader outcomes|counter|{result="success"} {result="error"} {result="timeout"}
inflight_total|Inflight dedupe outcomes|counter|{kind="reuse"} {kind="bypass"}
stale_hits_total|Stale values served (fail-safe)|counter|
negative_cached_total|Negative entries stored|counter|
l2_total|L2 resilience events|counter|{kind="error"} {kind="skipped"}
eventbus_total|Event-bus outcomes|counter|publish_error publish_skipped received duplicate stale
set_broadcast_total|Cross-instance L1 priming|counter|{kind="sent"} {kind="skipped"} {kind="received"}
events_total|Total cache events observed|counter|
hit_ratio|Hit ratio in [0,1]|gauge|
uptime_seconds|Collector uptime in seconds|gauge|
events_buffered|Events currently held in the in-memory ring buffer|gauge|
l1_entries|Approximate L1 entry count|gauge|
l2_entries|Approximate L2 entry count|gauge|`;

test('the metrics of the contract are there in their order, with help and type', () => {
  const text = renderPrometheus(new ObservabilityCollector(10), 'app', { l1Size: 3, l2Size: 4 });
  const wanted = CONTRACT.split('\n').map((line) => {
    const [name, help, type, labels] = line.split('|');
    const lines = labels.split(' ').map((label) => (/^\w+$/.test(label) ? `{kind="${label}"}` : label));
    return { name: `app_${name}`, help, type, labels: lines };
  });
  assert.deepEqual(
    families(text).map(({ name, help, type, samples }) => ({
      name,
      help,
      type,
      labels: samples.map(({ labels }) => labels),
    })),
    wanted,
  );
  assert.ok(text.endsWith('\n') && !text.endsWith('\n\n'));
  check(text);
});

test('the numbers are those of the collector', () => {
  const collector = new ObservabilityCollector(10);
  for (const level of ['L1', 'L1', 'L2']) collector.handle({ type: 'hit', level });
  collector.handle({ type: 'miss', level: 'negative' });
  collector.handle({ type: 'set:received' });
  const lines = renderPrometheus(collector, 'c', { l1Size: 0 }).split('\n');
  const value = (name) => lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1];
  assert.equal(value('c_hits_total{level="l1"}'), '2');
  assert.equal(value('c_hits_total{level="l2"}'), '1');
  assert.equal(value('c_misses_total{level="negative"}'), '1');
  assert.equal(value('c_set_broadcast_total{kind="received"}'), '1');
  assert.equal(value('c_events_total'), '5');
  assert.equal(value('c_events_buffered'), '5');
  assert.equal(value('c_hit_ratio'), '0.750000');
  assert.equal(value('c_l1_entries'), '0');
  assert.equal(value('c_l2_entries'), undefined);
});

test('uptime is rounded to seconds, of any object that has an overview', () => {
  const overview = { ...new ObservabilityCollector(1).overview(), uptimeMs: 2600 };
  assert.match(renderPrometheus({ overview: () => overview }, 'c'), /^c_uptime_seconds 3$/m);
});

test('metrics() has all caches of the process by name, without keys', async () => {
  const caches = ['users', 'carts', 'carts'].map((name) => new LazyLayersCache({ name }));
  for (const cache of caches) {
    await cache.set('secret-key', 1);
    await cache.get('secret-key');
    await cache.get('none');
  }
  const text = metrics({ prefix: 'app' });
  check(text);
  assert.doesNotMatch(text, /secret-key/);
  assert.match(text, /^app_cache_lookups_total\{cache="users",layer="l1",result="hit"\} 1$/m);
  assert.match(text, /^app_cache_lookups_total\{cache="carts",layer="l1",result="hit"\} 2$/m);
  assert.match(text, /^app_cache_lookups_total\{cache="carts",layer="l1",result="miss"\} 2$/m);
  assert.match(text, /^app_cache_entries\{cache="carts",layer="l1"\} 2$/m);
  for (const cache of caches) await cache.close();
});

test('names of caches are escaped', async () => {
  const cache = new LazyLayersCache({ name: 'a"\\\nb' });
  const text = metrics();
  check(text);
  assert.match(text, /cache="a\\"\\\\\\nb"/);
  await cache.close();
});

test('a prefix that begins no name is refused', () => {
  for (const prefix of ['a-b', '', '1a', 5]) assert.throws(() => metrics({ prefix }), { code: 'INVALID_ARGUMENT' });
});

test('options that are no object are refused, and null is none', () => {
  for (const options of ['app', 5, ['app']]) assert.throws(() => metrics(options), { code: 'INVALID_ARGUMENT' });
  for (const options of [null, {}, { prefix: null }]) assert.match(metrics(options), /^# HELP lazycache_/);
});

test('health() says how caches are, and which circuit is open', async () => {
  const l2 = {
    get: () => Promise.reject(new Error('away')),
    set: async () => {},
    has: async () => false,
    delete: async () => {},
  };
  const resilience = { l2CircuitBreaker: { failureThreshold: 1 } };
  const cache = new LazyLayersCache({ name: 'h', l2, resilience, logging: { enabled: false } });
  const of = () => health().caches.find(({ name }) => name === 'h');
  assert.equal(health().status, 'ok');
  assert.equal(of().l2, 'closed');
  assert.equal(of().bus, null);
  await cache.get('k');
  assert.equal(of().l2, 'open');
  assert.equal(health().status, 'degraded');
  assert.match(metrics(), /^lazycache_cache_circuit_state\{cache="h",layer="l2"\} 2$/m);
  await cache.close();
});
