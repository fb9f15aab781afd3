// The model finds nothing in the caches of this package, and finds the faults of others.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { endServers, runBatch, WORLDS, worldsOf } from './batch.mjs';
import { inThreads, underStress } from './elsewhere.mjs';
import { History, Load, now } from './history.mjs';
import { matches } from './keys.mjs';
import { LIARS } from './liars.mjs';
import { TODAY } from './not-yet.mjs';
import { checkStampede } from './outcomes.mjs';
import { requiredValue } from './presence.mjs';
import { replayOf } from './report.mjs';
import { runSeed } from './run.mjs';
import { PLAIN } from './worlds.mjs';

const SEED = 1;
const hasServers = process.platform !== 'win32';
after(endServers);

/** A finding as it is to be read. */
const told = (found) => `${found.text}\n${found.trail.slice(-25).join('\n')}\nreplay: ${replayOf(found)}`;

async function findsNothing(run) {
  const findings = [];
  const rows = await run((found) => findings.push(found));
  assert.deepEqual(findings.map(told), []);
  assert.ok(rows.length > 0 && rows.every(({ runs, calls }) => runs > 0 && calls > 0));
}

describe('nothing is found', () => {
  for (const world of worldsOf(hasServers ? 'all' : 'memory')) {
    test(`in ${world}`, () => findsNothing((onFound) => runBatch({ worlds: [world], seed: SEED, seeds: 8, onFound })));
  }

  test('in worker threads', () =>
    findsNothing((onFound) => inThreads(2, { worlds: worldsOf('memory'), seed: 101, seeds: 1, onFound })));

  test('while garbage is collected all the time', () =>
    findsNothing((onFound) => underStress({ worlds: worldsOf('memory'), seed: 201, seeds: 1, steps: 150, onFound })));
});

describe('the model finds a cache that', () => {
  for (const [sin, { distort, finding }] of Object.entries(LIARS)) {
    test(sin, async () => {
      const findings = [];
      for (let seed = 1; seed <= 25 && findings.length === 0; seed += 1) {
        const { violations } = await runSeed(WORLDS.l1, {
          seed,
          distort,
          settleMs: 300,
          extent: { ...TODAY, lateMs: 30 },
        });
        findings.push(...violations);
      }
      assert.match(findings[0]?.text ?? 'nothing', finding);
    });
  }
});

test('the patterns of the model are those of the cache', () => {
  for (const [pattern, text, expected] of [
    ['*', '', true],
    ['a:?', 'a:1', true],
    ['a:?', 'a:10', false],
    ['é?', 'é𝄞', true],
    ['b:[x]', 'b:[x]', true],
    ['b:[x]', 'b:x', false],
    ['*:1', 'a:1', true],
  ]) {
    assert.equal(matches(pattern, text), expected, `${pattern} ${text}`);
  }
});

const EFF = { l1: 60_000, l2: 0 };

/** Calls of one key, and whether a read finds a value for certain. */
function scene(world) {
  const history = new History(['k']);
  const track = history.of('k');
  const call = (verb, eff = EFF) => history.begin({ verb, key: 'k', by: 0, eff });
  const found = () => {
    const get = call('get');
    history.end(get, {});
    return requiredValue(get, history, { ...PLAIN, ...world });
  };
  return { history, track, call, found };
}

test("a value need not be found that was set while a layer of the user's was still storing a load: it may go with that", () => {
  const { history, track, call, found } = scene();
  const caller = call('getOrSet');
  const load = new Load(caller, 'k', history.tick());
  track.loads.push(load);
  load.origin = history.origin('object', 'k', load);
  const window = { began: history.tick(), answered: Number.POSITIVE_INFINITY, deleted: Number.POSITIVE_INFINITY };
  load.origin.windows.push(window);
  Object.assign(load, { end: history.tick(), endAt: now() });
  history.end(caller, { result: 'a stale copy' });
  const set = call('set');
  const origin = history.origin('object', 'k', set);
  track.writes.push(set);
  history.end(set, {});
  assert.equal(found(), undefined);
  window.answered = 0;
  assert.equal(found(), origin);
});

test('a value need not be found that was loaded after a write that Redis may have missed in an outage', () => {
  for (const wasHurt of [true, false]) {
    const outages = wasHurt ? [now()] : [];
    const { history, track, call, found } = scene({ outages });
    const deleted = call('delete');
    track.writes.push(deleted);
    history.end(deleted, {});
    const caller = call('getOrSet');
    const load = new Load(caller, 'k', history.tick());
    track.loads.push(load);
    load.origin = history.origin('object', 'k', load);
    Object.assign(load, { end: history.tick(), endAt: now() });
    history.end(caller, { result: load.origin.value });
    assert.equal(found(), wasHurt ? undefined : load.origin);
  }
});

test('a value need not be found that another call read from the second layer meanwhile, for a shorter life of its own', () => {
  const { history, track, call, found } = scene({ hasL2: true });
  const set = call('set');
  const origin = history.origin('object', 'k', set);
  track.writes.push(set);
  const reader = call('getOrSet', { ...EFF, l1: 0 });
  track.uses.push(reader);
  history.end(set, {});
  history.end(reader, { result: origin.value });
  assert.equal(found(), undefined);
  reader.eff.l1 = EFF.l1;
  assert.equal(found(), origin);
});

test('a call that waits for its lock leads its own load, beside one of a call that was not to join it', () => {
  const { history, track, call } = scene();
  const eff = { ...EFF, joins: true, joinableMs: 5000 };
  const began = (op) => {
    const load = new Load(op, 'k', history.tick());
    track.loads.push(load);
    return load;
  };
  const waiting = call('getOrSet', { ...eff, locks: true });
  const other = call('getOrSet', { ...eff, joinableMs: 0 });
  began(other);
  const load = began(waiting);
  assert.equal(checkStampede(waiting, load, history, PLAIN), undefined);
  other.eff.joinableMs = 5000;
  assert.match(checkStampede(waiting, load, history, PLAIN).text, /runs a loader while the one of call #1 runs/);
});
