// The totals of caches by name, when some of these caches are gone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LazyLayersCache, MemoryStore, metrics, processStats } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { survivors } from '../support/garbage.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { check } from './exposition.mjs';

const QUIET = { logging: { enabled: false } };
const observability = { enabled: true, quiet: true, server: false };

/** The number of a series; `undefined` if it is not there. */
function valueOf(metric, labels) {
  const found = metrics()
    .split('\n')
    .find((line) => line.startsWith(`lazycache_${metric}{${labels}} `));
  return found === undefined ? undefined : Number(found.split(' ').at(-1));
}

const hits = (name) => valueOf('cache_lookups_total', `cache="${name}",layer="l1",result="hit"`);
const writes = (name) => valueOf('cache_writes_total', `cache="${name}",result="set"`);
const entries = (name) => valueOf('cache_entries', `cache="${name}",layer="l1"`);
const evicted = (name) => valueOf('cache_evictions_total', `cache="${name}",result="capacity"`);
const timed = (name, layer) => valueOf('cache_duration_seconds_count', `cache="${name}",layer="${layer}"`);

async function used(options) {
  const cache = new LazyLayersCache({ ...QUIET, ...options });
  await cache.set('k', 1);
  for (let at = 0; at < 3; at += 1) await cache.get('k');
  return cache;
}

test('the counters of a name go on when its caches are closed, and its sizes fall', async () => {
  const caches = [await used({ name: 'pair' }), await used({ name: 'pair' })];
  assert.deepEqual([hits('pair'), writes('pair'), entries('pair')], [6, 2, 2]);
  await caches[0].close();
  assert.deepEqual([hits('pair'), writes('pair'), entries('pair')], [6, 2, 1]);
  await caches[1].close();
  assert.deepEqual([hits('pair'), writes('pair'), entries('pair')], [6, 2, 0]);
  const next = await used({ name: 'pair' });
  assert.deepEqual([hits('pair'), writes('pair'), entries('pair')], [9, 3, 1]);
  assert.equal(processStats().filter(({ cache }) => cache === 'pair').length, 1);
  check(metrics());
  await next.close();
});

test('metrics() counts entries that were stored just now', async () => {
  const cache = new LazyLayersCache({ ...QUIET, name: 'new' });
  for (let at = 0; at < 5; at += 1) await cache.set(`k${at}`, at);
  assert.equal(entries('new'), 5);
  await cache.close();
});

test('a cache that is closed twice is counted once', async () => {
  const cache = await used({ name: 'twice' });
  await Promise.all([cache.close(), cache.close()]);
  await cache.close();
  assert.deepEqual([hits('twice'), writes('twice')], [3, 1]);
});

test('loads that are abandoned by the end of their cache no longer run', async () => {
  const cache = new LazyLayersCache({ ...QUIET, name: 'abandoned' });
  const load = cache.getOrSet('k', () => new Promise(() => {}));
  assert.equal(valueOf('cache_loads_running', 'cache="abandoned"'), 1);
  await Promise.all([assert.rejects(load), cache.close({ timeoutMs: 0 })]);
  assert.equal(valueOf('cache_loads_running', 'cache="abandoned"'), 0);
  assert.equal(valueOf('cache_load_oldest_seconds', 'cache="abandoned"'), 0);
});

test('the durations of a name go on when its cache is closed', async () => {
  const l2 = { get: async () => undefined, set: async () => {}, has: async () => false, delete: async () => {} };
  const cache = new LazyLayersCache({ ...QUIET, name: 'timed', l2, eventBus: new MemoryHub().bus(), observability });
  await cache.getOrSet('k', async () => 1);
  for (let at = 0; at < 128; at += 1) await cache.get('k');
  const counts = () => [
    ...['l2', 'bus', 'loader'].map((layer) => timed('timed', layer)),
    valueOf('cache_l1_call_seconds_count', 'cache="timed",layer="l1"'),
  ];
  const before = counts();
  assert.deepEqual(before, [2, 1, 1, 2]);
  await cache.close();
  assert.deepEqual(counts(), before);
  assert.equal(valueOf('cache_circuit_state', 'cache="timed",layer="l2"'), undefined);
});

test('the counters of a cache that was collected go on', async () => {
  const refs = [];
  const one = async () => refs.push(new WeakRef(await used({ name: 'collected', observability })));
  for (let at = 0; at < 10; at += 1) await one();
  assert.equal(await survivors(refs), 0);
  await until(() => processStats().every(({ cache }) => cache !== 'collected'), 'they are forgotten');
  assert.deepEqual([hits('collected'), writes('collected'), entries('collected')], [30, 10, 0]);
});

for (const [how, end] of [
  ['closes its cache', (flag) => Atomics.store(flag, 0, 1)],
  ['is terminated', (_, worker) => void worker.terminate()],
]) {
  test(`the counters of a worker go on that ${how}`, async (context) => {
    const before = [hits('there') ?? 0, writes('there') ?? 0];
    const worker = new Worker(new URL('../stats/fixtures/busy-worker.mjs', import.meta.url));
    context.after(() => worker.terminate());
    const [flag] = await once(worker, 'message');
    const exit = once(worker, 'exit');
    assert.deepEqual([hits('there'), writes('there')], [before[0] + 3, before[1] + 1]);
    end(flag, worker);
    await exit;
    assert.deepEqual([hits('there'), writes('there'), entries('there')], [before[0] + 3, before[1] + 1, 0]);
  });
}

test('of names whose caches are all gone the last 200 are remembered', async () => {
  const held = await used({ name: 'held' });
  await (await used({ name: 'held' })).close();
  for (let at = 0; at < 250; at += 1) await (await used({ name: `name${at}` })).close();
  assert.deepEqual(
    [writes('name0'), writes('name49'), writes('name50'), writes('name249')],
    [undefined, undefined, 1, 1],
  );
  assert.equal(writes('held'), 2, 'one that is in use stays');
  await held.close();
});

test('a memory store that caches of one name share is counted once', async () => {
  const l1 = new MemoryStore({ levels: { L1: { maxEntries: 4 } } });
  const make = () => new LazyLayersCache({ ...QUIET, name: 'sharing', l1 });
  const caches = [make(), make()];
  for (let at = 0; at < 10; at += 1) await caches[0].set(`k${at}`, at);
  assert.deepEqual([entries('sharing'), evicted('sharing')], [4, 6]);
  await caches[0].close();
  assert.deepEqual([entries('sharing'), evicted('sharing')], [4, 6]);
  await caches[1].close();
  assert.deepEqual([entries('sharing'), evicted('sharing')], [0, 6]);
  const next = make();
  assert.deepEqual([entries('sharing'), evicted('sharing')], [4, 6]);
  await next.set('more', 1);
  assert.equal(evicted('sharing'), 7);
  await next.close();
});
