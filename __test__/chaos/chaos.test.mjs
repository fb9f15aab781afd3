// Short runs of chaos on each transport, and proof that the checker of their logs can fail.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check, figures } from './checker.mjs';
import { runChaos } from './scenario.mjs';

// At a time: what takes long is the start of brokers, and waiting.
describe('a short run', { concurrency: true }, () => {
  for (const transport of ['redis', 'rabbitmq', 'nats', 'jetstream']) {
    test(`on ${transport}`, async () => {
      const { faults, afterQuiet, reads, writes, turns } = await runChaos({
        transport,
        seconds: 2,
        seed: 1,
        instances: 2,
        chaosMs: 2000,
        quietMs: 1500,
      });
      assert.deepEqual([...faults, ...afterQuiet], []);
      assert.ok(reads > 20 && writes > 1 && turns === 1, `${reads} reads, ${writes} invalidations`);
    });
  }

  for (const deed of ['fail over', 'kill the master']) {
    test(`on redis: ${deed}`, async () => {
      const how = { transport: 'redis', seconds: 2, seed: 1, instances: 2, chaosMs: 2000, quietMs: 1500 };
      const { faults, afterQuiet, deeds, reads } = await runChaos({ ...how, group: 'sentinels', only: [deed] });
      assert.deepEqual([...faults, ...afterQuiet], []);
      assert.ok(deeds.length > 0 && reads > 20, `${deeds.length} deeds, ${reads} reads`);
    });
  }
});

for (const deed of ['fail over', 'move slots']) {
  test(`a short run on a cluster of Redis: ${deed}`, async () => {
    const how = { transport: 'redis', seconds: 2, seed: 1, instances: 2, chaosMs: 2000, quietMs: 1500 };
    const { faults, afterQuiet, deeds, reads } = await runChaos({ ...how, group: 'cluster', only: [deed] });
    assert.deepEqual([...faults, ...afterQuiet], []);
    assert.ok(deeds.length > 0 && reads > 20, `${deeds.length} deeds, ${reads} reads`);
  });
}

const TRUTH = { k: 5 };
const read = (inv, version, fields = {}) => ({
  type: 'read',
  by: 'i0',
  key: 'k',
  inv,
  ack: inv + 1,
  value: { key: 'k', version },
  ...fields,
});
const invalidated = (ack, version, by = 'i1') => ({
  type: 'invalidate',
  by,
  verb: 'delete',
  inv: ack - 1,
  ack,
  versions: { k: version },
});
const checked = (log, quiet = []) => check(log, { truth: TRUTH, quiet });

test('a version older than an acknowledged invalidation is counted, with its age', () => {
  const { staleness, faults } = checked([
    invalidated(10, 3),
    read(40, 2),
    read(50, 3),
    invalidated(60, 4, 'i0'),
    read(65, 3),
  ]);
  assert.deepEqual([staleness.others.count, staleness.others.max], [1, 30]);
  assert.deepEqual([staleness.own.count, staleness.own.max], [1, 5]);
  assert.deepEqual(faults, []);
});

test('what is older than an own invalidation is told, unless that is of the process before it', () => {
  const process = (pid, entry) => ({ ...entry, pid });
  const log = (pid) => [process(1, invalidated(10, 3, 'i0')), process(pid, read(40, 2))];
  const [same, anew] = [checked(log(1)), checked(log(2))];
  const expected = { by: 'i0', key: 'k', version: 2, missed: 3, deleter: 'i0', forMs: 30, during: [] };
  assert.deepEqual([same.own, same.staleness.others.count], [[expected], 0]);
  assert.deepEqual([anew.own, anew.staleness.others.count], [[], 1]);
});

test('the age is that of the first invalidation that was missed', () => {
  assert.equal(checked([invalidated(10, 3), invalidated(30, 4), read(40, 2)]).staleness.others.max, 30);
});

test('the value served the longest after its invalidation is told, with the faults of that time', () => {
  const log = [invalidated(10, 3), read(40, 2), read(90, 2), read(95, 3)];
  const deeds = [
    { name: 'cut', from: 5, to: 6 },
    { name: 'fail over', from: 20, to: 30 },
  ];
  const { worst } = check(log, { truth: TRUTH, quiet: [], deeds });
  const expected = { by: 'i0', key: 'k', version: 2, missed: 3, deleter: 'i1', forMs: 80, during: ['fail over'] };
  assert.deepEqual(worst, expected);
});

test('ages are told apart by the last fault before the read, if it may be the reason', () => {
  const log = [
    ...[invalidated(10, 3), read(40, 2)],
    ...[invalidated(5000, 4), read(5100, 3)],
    ...[invalidated(20_000, 5), read(20_050, 4)],
  ];
  const deeds = [
    { name: "cut: i0's bus", from: 1000, to: 2500 },
    { name: 'kill Redis', from: 3000, to: 9000 },
  ];
  const { byFault } = check(log, { truth: TRUTH, quiet: [], deeds });
  const ages = Object.fromEntries(Object.entries(byFault).map(([name, { count, max }]) => [name, [count, max]]));
  assert.deepEqual(ages, { 'no fault': [2, 50], 'kill Redis': [1, 100] });
});

test('a read that overlaps the invalidation may give either', () => {
  assert.equal(checked([invalidated(10, 3), read(9, 2), read(10, 2)]).staleness.others.count, 0);
});

test('an invalidation that was not acknowledged binds nobody', () => {
  assert.equal(checked([{ ...invalidated(10, 3), error: 'no' }, read(40, 2)]).staleness.others.count, 0);
});

test('old reads while all is quiet are told apart', () => {
  const log = [invalidated(10, 3), read(40, 2), read(80, 2), read(100, 2)];
  assert.deepEqual(checked(log, [{ from: 70, to: 90 }]).afterQuiet, [
    { by: 'i0', key: 'k', version: 2, missed: 3, deleter: 'i1', forMs: 70 },
  ]);
});

for (const [name, entry, finding] of [
  ['a call that rejects', read(1, 1, { error: 'Error: down' }), /i0 read k rejected: Error: down/],
  [
    'a rejection that nobody handles',
    { type: 'rejection', by: 'i0', error: 'Error: left alone', inv: 1, ack: 1 },
    /rejected: Error: left alone/,
  ],
  ['a call that takes too long', read(1, 1, { ack: 9000 }), /took 8999 ms/],
  ['the value of another key', read(1, 1, { value: { key: 'other', version: 1 } }), /gave the value of other/],
  ['a version that never was', read(1, 6), /gave version 6, there are 5/],
  ['what is no value', read(1, 1, { value: 'text' }), /gave "text"/],
]) {
  test(`${name} is a fault`, () => {
    const { faults } = checked([entry]);
    assert.equal(faults.length, 1);
    assert.match(faults[0], finding);
  });
}

test('figures are those of the sorted numbers', () => {
  assert.deepEqual(figures([3, 1, 2, 100]), { count: 4, p50: 3, p99: 100, max: 100 });
  assert.deepEqual(figures([]), { count: 0, p50: 0, p99: 0, max: 0 });
});

test('time in which the process was paused does not count', () => {
  const deeds = [{ name: 'pause a process: i0', from: 100, to: 3000, paused: 'i0' }];
  const slow = (by) => check([read(50, 1, { by, ack: 9000 })], { truth: TRUTH, quiet: [], deeds }).faults.length;
  assert.deepEqual([slow('i0'), slow('i1')], [0, 1]);
  assert.equal(check([read(50, 1, { by: 'i0', ack: 3050 })], { truth: TRUTH, quiet: [], deeds }).took.max, 100);
});
