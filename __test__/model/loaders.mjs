// Loaders of every kind: at once, in a while, when the run lets them; with a value, with nothing, with an error.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Load, now, tagsOf } from './history.mjs';
import { TAGS } from './keys.mjs';
import { checkStampede } from './outcomes.mjs';
import { requiredValue } from './presence.mjs';
import { checkOffered } from './staleness.mjs';
import { someKind } from './values.mjs';

const PACES = { sync: 15, promise: 25, turn: 15, held: 30, slow: 15 };
const ENDS = { value: 70, undefined: 14, error: 16 };
/** The directives of a loader. */
const SAYS = { nothing: 60, skip: 10, lifetime: 10, fail: 8, still: 12, tags: 6 };

function end(run, load, outcome) {
  Object.assign(load, { outcome, end: run.history.tick(), endAt: now() });
  run.history.note(`   load of #${load.op.n} ends: ${outcome} ${load.origin?.id ?? ''}`);
}

/** Has a loader give a directive, and its meaning for the load. */
function say(load, { says, ttlMs }, context) {
  const own = context?.of?.(load.asked) ?? context;
  if (says === 'skip') {
    own.skip();
    load.skips = true;
    load.eff = { ...load.eff, l1: 0, l2: 0, leastL1: 0, leastL2: 0, negativeMs: 0 };
  }
  if (says === 'lifetime') {
    own.setOptions({ ttlMs });
    const least = (name) => (load.eff[name] === 0 ? 1 : load.eff[`least${name.toUpperCase()}`] / load.eff[name]);
    // Jitter is a part of the life, whatever that is. An endless one has none.
    const part = (name) => (Number.isFinite(load.eff[name]) ? least(name) : 0.5);
    load.eff = { ...load.eff, l1: ttlMs, l2: ttlMs, leastL1: ttlMs * part('l1'), leastL2: ttlMs * part('l2') };
  }
  if (says === 'tags' && load.op.keepsTags && own?.setOptions) {
    own.setOptions({ tags: TAGS.slice(1) });
    load.tags = TAGS.slice(1);
    // Their counters may be read too late for Redis to take the value.
    load.eff = { ...load.eff, leastL2: 0 };
  }
  if (says === 'fail' && load.error !== undefined) own.fail(load.error);
  return says === 'fail';
}

/** A loader that finds the stale value still true, if it is offered one. */
function stillTrue(run, load, context) {
  const own = context?.of?.(load.asked) ?? context;
  const stale = own?.stale;
  if (stale === undefined) return undefined;
  run.fail(load.op, checkOffered(load.op, stale.value, run.history, run.world));
  const value = own.notModified();
  const [origin] = run.history.candidates(load.key, value);
  if (origin === undefined) return undefined;
  load.tags = [...new Set([...(load.op.tags ?? []), ...(tagsOf(origin) ?? [])])];
  load.origin = run.history.revive(origin, load);
  end(run, load, 'value');
  return { value };
}

function answer(run, load, outcome, { kind, context, ...more }) {
  if (more.says === 'still' && outcome === 'value') {
    const still = stillTrue(run, load, context);
    if (still !== undefined) return still.value;
  }
  if (outcome === 'value') load.origin = run.history.origin(kind, load.key, load);
  if (outcome === 'error') load.error = Object.assign(new Error(`loader of call #${load.op.n} fails`), { load });
  const isTold = say(load, more, context);
  end(run, load, outcome);
  if (load.error && !isTold) throw load.error;
  return load.origin?.value;
}

async function later(run, pace, give) {
  if (pace === 'turn') await nextTurn();
  if (pace === 'slow') await sleep(3 + give.ms);
  if (pace === 'held') await run.held.wait(`loader of #${give.load.op.n}`);
  return give();
}

/** The fault of this loader being called, if there is one. */
function checkCalled(run, op, load, context) {
  const { history, world } = run;
  if (!(context?.signal instanceof AbortSignal)) run.fail(op, { text: 'the loader got no signal' });
  load.signal = context?.signal;
  // The value may be there: it is loaded anew, and its caller may have its answer.
  if (op.eff.refreshes) return;
  const hasWaited = op.eff.limitsLoads && op.eff.softMs !== undefined;
  if (op.ack !== Number.POSITIVE_INFINITY && !hasWaited)
    run.fail(op, { text: 'the loader is called after the call was answered' });
  run.fail(op, checkStampede(op, load, history, world));
  // As if the call were answered now.
  const asked = { ...op, ack: load.start, ackAt: load.startAt };
  const required = requiredValue(asked, history, world);
  if (required !== undefined) run.fail(op, { text: `runs its loader, and value ${required.id} has to be found` });
}

/** Whether the hit of a call is being audited: its loader runs after it was answered, for nothing else. */
function isAudit({ world }, op) {
  const { audit } = world.members[op.by].config;
  const isAnswered = op.ack !== Number.POSITIVE_INFINITY;
  return audit !== undefined && isAnswered && !op.isAudited && !isObscure(world, op);
}

/** Whether the loader of an answered call may be called by a refresh or a repair as well: by which cannot be seen. */
function isObscure(world, op) {
  const { audit } = world.members[op.by].config;
  return audit !== undefined && op.ack !== Number.POSITIVE_INFINITY && (audit.repair === true || op.eff.refreshes);
}

/** A repair may load the value anew, or delete it: nobody is told when. */
function mayRepair(run, op) {
  if (run.world.members[op.by].config.audit.repair !== true) return;
  const write = { verb: 'delete', by: op.by, inv: run.history.tick(), invAt: now(), n: op.n };
  run.history.of(op.key).writes.push({ ...write, ack: Number.POSITIVE_INFINITY, ackAt: Number.POSITIVE_INFINITY });
}

/** The values of audits: none of them may ever be read. */
async function auditAnswer(run, op) {
  const { random } = run;
  op.isAudited = true;
  const outcome = random.weighted({ same: 40, another: 30, nothing: 15, error: 15 });
  run.history.note(`   audit of #${op.n}: ${outcome}`);
  if (random.chance(50)) await run.held.wait(`audit of #${op.n}`);
  if (outcome === 'error') throw new Error(`audit of call #${op.n} fails`);
  return { same: op.result, another: { key: op.key, id: -1, of: 'an audit' } }[outcome];
}

/**
 * @param {import('./run.mjs').Run} run
 * @param {object} op
 * @param {string} [asked] the key as a loader of several is asked for it, without the name of a namespace
 */
export function makeLoader(run, op, asked = op.key) {
  const { random } = run;
  const [pace, outcome, kind, ms, says, ttlMs] = [
    random.weighted(PACES),
    random.weighted(ENDS),
    someKind(random, run.world.profile),
    random.below(25),
    random.weighted(SAYS),
    random.pick([15, 40, 60_000]),
  ];
  return (context) => {
    if (isAudit(run, op)) return auditAnswer(run, op);
    const isOneOfSeveral = isObscure(run.world, op);
    if (isOneOfSeveral) mayRepair(run, op);
    const load = Object.assign(new Load(op, op.key, run.history.tick()), { asked, isOneOfSeveral });
    run.history.note(`   load of #${op.n} starts: ${pace}`);
    if (!isOneOfSeveral) checkCalled(run, op, load, context);
    load.signal = context?.signal;
    if (op.loads.length > (isOneOfSeveral ? 2 : 0)) run.fail(op, { text: 'the loader is called twice' });
    op.loads.push(load);
    run.history.of(op.key).loads.push(load);
    const give = Object.assign(() => answer(run, load, outcome, { kind, context, says, ttlMs }), { ms, load });
    return pace === 'sync' ? give() : later(run, pace, give);
  };
}
