// Which values a read may give: those that some order of the overlapping calls allows, and that are not over.
import { concerns, isLoaded, madeBy, newAt, now, storedAt, tagsOf } from './history.mjs';
import { maySkip, skipsAll } from './skips.mjs';
import { isWhole } from './values.mjs';

/**
 * A load that returned its value to its caller and stored it. With a lock that may have run out it may not have, nor
 * has one that may be an audit.
 */
const isStoring = (load) =>
  load.origin !== undefined &&
  !load.isOneOfSeveral &&
  !load.skips &&
  !load.eff.locks &&
  load.op.error === undefined &&
  load.op.result === load.origin.value;

/**
 * Whether a load may have been given and not stored, while an older value stays: a tag of its value was deleted
 * meanwhile, which the older one does not have; or the key expired, and the stale copy is the older one; or reads were
 * off, so that it did not find the older one.
 */
const isUnkept = (track, load, world) =>
  maySkip(load.op, world) ||
  track.writes.some(
    (write) =>
      (write.tag !== undefined || write.expires) &&
      concerns(write, load.tags ?? load.op.tags) &&
      write.inv < load.settled &&
      write.ack > load.start,
  );

/** Whether a call may have joined a load whose caller had been answered by a stale copy, before a newer load came. */
const mayJoinAnswered = (track, op, newer) =>
  op.verb === 'getOrSet' &&
  track.loads.some(
    (load) => load !== newer && load.eff.softMs !== undefined && load.start < newer.settled && load.settled > op.inv,
  );

/**
 * Says what is known of instances: whether `write` binds what instance `by` reads from step `inv` on.
 * The own one's at once; those of others once they were told, deletes and patterns alone.
 */
function binds(write, op, world) {
  if (write.ack >= op.inv) return false;
  if (world.isOne(write.by, op.by)) return true;
  return write.verb !== 'set' && write.ackAt + world.boundMs < op.invAt;
}

/** Whether a call may have joined a load after a tag was deleted that the loader alone has named, at its end. */
function mayJoinUntold(origin, { tag }, op) {
  if (!isLoaded(origin)) return false;
  const { maker } = origin;
  const isUntold = tag !== undefined && maker.tags?.includes(tag) && !maker.op.tags?.includes(tag);
  return isUntold && op.verb === 'getOrSet' && maker.start < op.ack && maker.settled > op.inv;
}

/** The write that makes a value older than it must be, if there is one. An expired value may still be a stale copy. */
function overtaking(track, origin, op, world) {
  const since = newAt(origin);
  const [isCopy, tags] = [mayBeStale(track, op), tagsOf(origin)];
  for (const write of track.writes) {
    if ((write.expires && isCopy) || !concerns(write, tags) || mayJoinUntold(origin, write, op)) continue;
    if (write !== origin.maker && write.inv > since && binds(write, op, world)) return write;
  }
  // Of two loads at a time either may be the one that is kept.
  const over = isLoaded(origin) ? origin.maker.settled : since;
  for (const load of track.loads) {
    const isNewer = load !== origin.maker && load.op.inv > over && load.settled < op.inv;
    if (isNewer && isStoring(load) && !isUnkept(track, load, world) && world.isOne(load.by, op.by)) return load;
  }
  return undefined;
}

/**
 * A limit across instances: a `set` is ordered against the loads of its own instance alone. A load of
 * another that was under way, or whose event was still on its way, may come after it.
 */
function isKnownRace(origin, write, world) {
  if (!isLoaded(origin) || write.verb !== 'set' || world.isOne(madeBy(origin), write.by)) return false;
  const began = write.inv ?? write.start;
  const beganAt = write.invAt ?? write.startAt;
  return origin.maker.settled > began || origin.maker.settledAt + world.boundMs > beganAt;
}

/**
 * An own layer was given the value while the write went on, and has not deleted it again yet: a read may find it there.
 */
function isInWindow(origin, write, op) {
  return origin.windows.some(
    ({ began, answered, deleted }) => began < write.ack && answered > (write.inv ?? write.start) && op.inv <= deleted,
  );
}

/** The last moment at which a value can be served as a live one. */
export function liveUntil(origin, world) {
  const stored = storedAt(origin);
  const { eff } = origin.maker;
  const life = Math.max(world.hasL1 ? eff.l1 : 0, world.hasL2 ? eff.l2 : 0);
  // Who has read it from an own layer may have taken it over until it was answered.
  const takenOver = origin.readers.map(({ ackAt, eff }) => Math.min(ackAt, now()) + eff.l1);
  return Math.max(stored + life, origin.extraUntil, ...takenOver);
}

const failed = (load) => load.error !== undefined || load.signal?.aborted === true;

/** Whether a copy of fail-safe may have answered: the call, or the load it joined, failed, took its time, or had no turn. */
function mayBeStale(track, op) {
  // A loader may be offered a copy, whatever comes of its load.
  if (op.isOffered) return true;
  if (op.verb !== 'getOrSet') return false;
  const { isFailSafe } = op.eff;
  return (
    // One that waits for its turn has no load to show yet, and others join it.
    op.eff.limitsLoads ||
    (isFailSafe && op.eff.softMs !== undefined) ||
    track.loads.some(
      (load) =>
        // Who joins a load gets its answer, whatever its own options say.
        (isFailSafe || load.eff.isFailSafe) &&
        load.start < op.ack &&
        load.settled > op.inv &&
        (failed(load) || load.eff.softMs !== undefined || load.eff.hardMs !== undefined),
    )
  );
}

/** The values of a key have expired: a copy of each lives on from here, at the other instances once they have heard. */
export function expiresAt(op, key, history, world) {
  const heard = op.ackAt + world.boundMs;
  for (const origin of history.of(key).origins.values()) origin.usedAt = Math.max(origin.usedAt, heard);
}

function isOver(track, origin, op, history, world) {
  if (op.invAt <= liveUntil(origin, world) + world.toleranceMs) return false;
  const staleUntil = Math.max(origin.usedAt, storedAt(origin)) + history.mostStaleMs + world.toleranceMs;
  return !(mayBeStale(track, op) && op.invAt <= staleUntil);
}

function refusal(origin, op, history, world) {
  const track = history.of(op.key);
  if (world.isExcused(origin)) return undefined;
  const write = overtaking(track, origin, op, world);
  if (write !== undefined) {
    if (isInWindow(origin, write, op)) {
      return { known: 'a layer of the user had the value before it was deleted there again' };
    }
    if (write.start !== undefined && mayJoinAnswered(track, op, write)) {
      return { known: 'a load whose caller had been answered by a stale copy before a newer load' };
    }
    if (isKnownRace(origin, write, world)) {
      return { known: 'a load that overlapped the `set` of another instance' };
    }
    return {
      text: `value ${origin.id} is older than ${write.verb ?? 'load'} #${write.n ?? write.op.n}, acknowledged before`,
    };
  }
  if (isOver(track, origin, op, history, world)) {
    const late = op.invAt - liveUntil(origin, world);
    return { text: `value ${origin.id} was over ${late.toFixed(1)} ms before the call` };
  }
  return undefined;
}

/** The fault of the value that a read returned. */
export function checkValue(op, history, world) {
  const value = op.result;
  const candidates = history.candidates(op.key, value);
  if (candidates.length === 0) {
    return { text: `gave a value that nobody stored under the key: ${String(JSON.stringify(value)).slice(0, 80)}` };
  }
  const wrong = candidates.map((origin) => refusal(origin, op, history, world));
  const right = candidates.find((_, at) => wrong[at] === undefined);
  if (right === undefined) return wrong.find(({ known }) => known) ?? wrong[0];
  right.usedAt = Math.max(right.usedAt, op.ackAt);
  const { l1, levels } = world.members?.[op.by].config ?? {};
  // Without an L1 the option is about nothing.
  const isCopy = l1 !== false && levels?.L1?.values === 'copy';
  if (isCopy && value === right.value && typeof value === 'object' && value !== null) {
    return { text: `value ${right.id} is what was stored, and not a copy` };
  }
  if (skipsAll(op, world)) return { text: `value ${right.id} was read from layers that are disabled` };
  if (world.byReference && !isCopy && value !== right.value)
    return { text: `value ${right.id} is a copy of what was stored` };
  if ((!world.byReference || isCopy) && !isWhole(value, right)) return { text: `value ${right.id} came back changed` };
  return undefined;
}

/** What is wrong with the stale value that a loader is offered. */
export function checkOffered(op, value, history, world) {
  const wrong = checkValue({ ...op, result: value, isOffered: true }, history, { ...world, byReference: false });
  return wrong?.known === undefined ? wrong && { text: `the stale value of its loader: ${wrong.text}` } : undefined;
}

/** Whether any value of the key could have been there for a call. */
export function mayHold(op, history, world) {
  return [...history.of(op.key).origins.values()].some((origin) => {
    const wrong = refusal(origin, op, history, world);
    return wrong === undefined || wrong.known !== undefined;
  });
}
