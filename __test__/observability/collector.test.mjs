import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, ObservabilityCollector } from '../../index.mjs';

const NAMES = [
  'hitsL1',
  'hitsL2',
  'missesL1',
  'missesL2',
  'missesNegative',
  'sets',
  'deletes',
  'deletePatterns',
  'loaderStart',
  'loaderSuccess',
  'loaderError',
  'loaderTimeout',
  'inflightReuse',
  'inflightBypass',
  'staleHit',
  'negativeSet',
  'l2Error',
  'l2Skipped',
  'eventBusPublishError',
  'eventBusPublishSkipped',
  'invalidationReceived',
  'invalidationDuplicate',
  'invalidationStale',
  'setReceived',
  'setBroadcast',
  'setBroadcastSkipped',
];

/** An event that each counter counts. */
const EVENTS = [
  { type: 'hit', level: 'L1' },
  { type: 'hit', level: 'L2' },
  { type: 'miss', level: 'L1' },
  { type: 'miss', level: 'L2' },
  { type: 'miss', level: 'negative' },
  { type: 'set' },
  { type: 'delete' },
  { type: 'delete-pattern' },
  { type: 'loader:start' },
  { type: 'loader:success' },
  { type: 'loader:error' },
  { type: 'loader:timeout' },
  { type: 'inflight:reuse' },
  { type: 'inflight:bypass' },
  { type: 'stale:hit' },
  { type: 'negative:set' },
  { type: 'l2:error' },
  { type: 'l2:skipped' },
  { type: 'event-bus:publish-error' },
  { type: 'event-bus:publish-skipped' },
  { type: 'invalidation:received' },
  { type: 'invalidation:duplicate' },
  { type: 'invalidation:stale' },
  { type: 'set:received' },
  { type: 'set:broadcast' },
  { type: 'set:broadcast-skipped' },
];

test('the counters are there in their order, one each per event', () => {
  const collector = new ObservabilityCollector(100);
  assert.deepEqual(Object.keys(collector.overview().counters), NAMES);
  EVENTS.forEach((event, at) => {
    for (let times = 0; times <= at; times += 1) collector.handle(event);
  });
  assert.deepEqual(
    Object.values(collector.overview().counters),
    NAMES.map((_, at) => at + 1),
  );
});

test('an event that no counter counts is an event all the same', () => {
  const collector = new ObservabilityCollector(10);
  collector.handle({ type: 'bus:gap', reason: 'sequence', missed: 2 });
  collector.handle({ type: 'toString' });
  const { totalEvents, counters } = collector.overview();
  assert.equal(totalEvents, 2);
  assert.ok(Object.values(counters).every((count) => count === 0));
});

test('at least one event is kept', () => {
  for (const maxEvents of [0, -3, NaN, 1]) {
    const collector = new ObservabilityCollector(maxEvents);
    for (const key of ['a', 'b']) collector.handle({ type: 'set', key });
    assert.deepEqual(
      collector.recentEvents().map(({ data }) => data.key),
      ['b'],
      String(maxEvents),
    );
    assert.equal(collector.overview().maxEvents, 1);
  }
});

test('handle is bound: a cache takes it as it is', async () => {
  const collector = new ObservabilityCollector(10);
  const cache = new LazyLayersCache();
  cache.on(collector.handle);
  await cache.set('k', 1);
  await cache.get('k');
  assert.deepEqual(
    collector.recentEvents().map(({ type }) => type),
    ['set', 'hit'],
  );
  await cache.close();
});

test('events are numbered from 1, and the numbers go on when the buffer is full', () => {
  const collector = new ObservabilityCollector(3);
  for (let at = 1; at <= 5; at += 1) collector.handle({ type: 'set', key: `k${at}` });
  const recent = collector.recentEvents();
  assert.deepEqual(
    recent.map(({ seq, data }) => [seq, data.key]),
    [
      [3, 'k3'],
      [4, 'k4'],
      [5, 'k5'],
    ],
  );
  const { totalEvents, bufferedEvents, maxEvents } = collector.overview();
  assert.deepEqual([totalEvents, bufferedEvents, maxEvents], [5, 3, 3]);
});

test('an event is recorded with its time and without its type, errors and bigints as text', () => {
  const collector = new ObservabilityCollector(10);
  const before = Date.now();
  collector.handle({ type: 'loader:error', key: 'k', error: new Error('no'), durationMs: 2 });
  collector.handle({ type: 'l2:error', error: 'words', size: 12n });
  const [first, second] = collector.recentEvents();
  assert.deepEqual(Object.keys(first), ['seq', 'ts', 'type', 'data']);
  assert.ok(first.ts >= before && first.ts <= Date.now());
  assert.equal(first.type, 'loader:error');
  assert.deepEqual(first.data, { key: 'k', error: 'no', durationMs: 2 });
  assert.deepEqual(second.data, { error: 'words', size: '12' });
});

test('a subscriber hears events from then on, until it ends that; one that throws is ignored', () => {
  const collector = new ObservabilityCollector(10);
  const heard = [];
  collector.handle({ type: 'set', key: 'before' });
  collector.subscribe(() => {
    throw new Error('no');
  });
  const end = collector.subscribe((event) => heard.push([event.seq, event.data.key]));
  collector.handle({ type: 'set', key: 'a' });
  end();
  end();
  collector.handle({ type: 'set', key: 'b' });
  assert.deepEqual(heard, [[2, 'a']]);
});

test('the overview sums hits and misses, and its counters are a copy', () => {
  const collector = new ObservabilityCollector(10);
  assert.equal(collector.overview().hitRatio, 0);
  for (const level of ['L1', 'L1', 'L2']) collector.handle({ type: 'hit', level });
  for (const level of ['L1', 'L2', 'negative']) collector.handle({ type: 'miss', level });
  const overview = collector.overview();
  assert.deepEqual([overview.hits, overview.misses, overview.hitRatio], [3, 3, 0.5]);
  assert.deepEqual(Object.keys(overview), [
    'startedAt',
    'uptimeMs',
    'totalEvents',
    'bufferedEvents',
    'maxEvents',
    'hits',
    'misses',
    'hitRatio',
    'counters',
  ]);
  assert.ok(Math.abs(overview.startedAt + overview.uptimeMs - Date.now()) < 1000);
  overview.counters.hitsL1 = 99;
  assert.equal(collector.overview().counters.hitsL1, 2);
});

test('a miss through both layers counts twice', async () => {
  const collector = new ObservabilityCollector(10);
  const map = new Map();
  const l2 = { get: async (k) => map.get(k), set: async () => {}, has: async () => false, delete: async () => {} };
  const cache = new LazyLayersCache({ l2, events: [collector.handle] });
  await cache.get('k');
  assert.equal(collector.overview().misses, 2);
  await cache.close();
});
