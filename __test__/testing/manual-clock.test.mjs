// `manualClock`: a clock for tests that moves by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { deserialize, LazyLayersCache, serialize } from '../../index.mjs';
import { manualClock } from '../../entry/testing.mjs';
import { isPending } from '../support/deferred.mjs';

function clockFor(t, options) {
  const clock = manualClock(options);
  t.after(() => clock.restore());
  return clock;
}

const make = (options) => new LazyLayersCache({ logging: { enabled: false }, ...options });

test('a lifetime ends as the clock is moved past it, and not before', async (t) => {
  const clock = clockFor(t);
  const cache = make({ ttlMs: 60_000 });
  await cache.set('k', 1);
  await clock.advance(59_999);
  assert.equal(await cache.get('k'), 1);
  await clock.advance(1);
  assert.equal(await cache.get('k'), undefined);
});

test('limits of loads follow it', async (t) => {
  const clock = clockFor(t);
  const cache = make({ timeouts: { hardMs: 500 } });
  const load = cache.getOrSet('k', () => new Promise(() => {}));
  const outcome = load.catch(({ code }) => code);
  await clock.advance(499);
  assert.equal(await Promise.race([outcome, 'waits']), 'waits');
  await clock.advance(1);
  // A load that passes its limit is given some turns to end.
  await clock.advance(100);
  assert.equal(await outcome, 'LOADER_HARD_TIMEOUT');
});

test('all that tells the time agrees', async (t) => {
  const clock = clockFor(t, { now: 1_000_000 });
  const began = performance.now();
  await clock.advance(250);
  assert.deepEqual([clock.now(), Date.now(), new Date().getTime()], [1_000_250, 1_000_250, 1_000_250]);
  assert.equal(performance.now() - began, 250);
  assert.equal(new Date(5).getTime(), 5);
  assert.ok(new Date() instanceof Date);
});

test('Date is what it is without the clock, but for the time', async (t) => {
  const before = new Date(7);
  const clock = clockFor(t, { now: 1_000_000 });
  class Day extends Date {}
  const dates = [before, structuredClone(before), new Date(), new Date(7), new Day(7)];
  assert.deepEqual(
    dates.map((date) => date instanceof Date),
    [true, true, true, true, true],
  );
  assert.deepEqual([before.constructor, new Date().constructor, new Day().constructor], [Date, Date, Day]);
  assert.deepEqual([Date.name, Date.length, Object.keys(Date)], ['Date', 7, []]);
  assert.deepEqual([Date(), Date.UTC(1970), Date.parse('1970-01-01')], [new Date(1_000_000).toString(), 0, 0]);
  assert.deepEqual([new Day().getTime(), new Date(1970, 0, 2).getDate()], [1_000_000, 2]);
  assert.deepEqual(deserialize(serialize([before, new Date()])), [before, new Date(1_000_000)]);
  clock.restore();
  assert.deepEqual([before.constructor, new Date() - Date.now() < 1000], [Date, true]);
});

test('timers are called in their order, with those they start and clear meanwhile', async (t) => {
  const clock = clockFor(t, { now: 0 });
  const called = [];
  const note = (name) => called.push(`${name} at ${Date.now()}`);
  setTimeout(note, 20, 'second');
  const first = setTimeout(() => {
    note('first');
    setTimeout(note, 5, 'inner');
    clearTimeout(never);
  }, 10);
  const never = setTimeout(note, 12, 'never');
  const every = setInterval(note, 15, 'every');
  assert.ok(first.unref() === first && first.hasRef());
  await clock.advance(30);
  clearInterval(every);
  await clock.advance(100);
  assert.deepEqual(called, ['first at 10', 'every at 15', 'inner at 15', 'second at 20', 'every at 30']);
});

test('moves follow each other, also where nobody has waited for the one before', async (t) => {
  const clock = manualClock({ now: 0 });
  t.after(clock.restore);
  const fired = [];
  for (const ms of [50, 105]) setTimeout(() => fired.push(clock.now()), ms);
  const broken = clock.advance(-1);
  const moves = [clock.advance(100), clock.advance(10)];
  await assert.rejects(broken, { code: 'INVALID_ARGUMENT' });
  await Promise.all(moves);
  assert.deepEqual([fired, clock.now()], [[50, 105], 110]);
  setTimeout(() => assert.fail('a timer that throws'), 1);
  await assert.rejects(clock.advance(5), { message: 'a timer that throws' });
  await clock.advance(5);
  assert.equal(clock.now(), 116);
});

test('no timer fires once the real clock is back', async () => {
  const clock = manualClock();
  setTimeout(clock.restore, 10);
  setTimeout(() => assert.fail('fired'), 20);
  await clock.advance(100);
});

test('its setTimeout makes promises, as that of Node.js', async (t) => {
  const clock = manualClock();
  t.after(clock.restore);
  const slept = promisify(setTimeout)(10, 'value');
  await clock.advance(9);
  assert.equal(await isPending(slept), true);
  await clock.advance(1);
  assert.equal(await slept, 'value');
});

test('the real clock comes back, once', () => {
  const before = [Date, setTimeout, setInterval, performance.now];
  const clock = manualClock();
  assert.notEqual(Date, before[0]);
  clock.restore();
  clock.restore();
  assert.deepEqual([Date, setTimeout, setInterval, performance.now], before);
});

test('a second clock and wrong numbers are refused', async (t) => {
  const clock = clockFor(t);
  assert.throws(() => manualClock(), { code: 'INVALID_ARGUMENT', message: /call its restore\(\) first/ });
  for (const ms of [-1, NaN, Infinity, '5']) await assert.rejects(clock.advance(ms), { code: 'INVALID_ARGUMENT' });
  clock.restore();
  assert.throws(() => manualClock({ now: 'today' }), { code: 'INVALID_ARGUMENT', message: /now/ });
});
