// Which values have to be found: stored for certain, not over, not overlapped by anything, and with room enough.
import { isLoaded, storedAt } from './history.mjs';
import { maySkip } from './skips.mjs';

/** Lifetimes may be over a little early: they are counted from a moment within the call. */
const EARLY_MS = 3;

/** Since when a write or load may be under way. */
const beganOf = (maker) => maker.op?.inv ?? maker.inv;
const beganAt = (maker) => maker.op?.invAt ?? maker.invAt;

/** Whether a load or write other than the value's own may have touched the key since the value was made. */
function isTouched(track, origin, op, world) {
  const since = beganOf(origin.maker);
  const touches = (maker, ack, ackAt) => {
    if (maker === origin.maker || beganOf(maker) >= op.ack) return false;
    const delay = world.isOne(maker.by, origin.maker.by) ? 0 : world.boundMs;
    return ack > since || ackAt + delay > beganAt(origin.maker);
  };
  return (
    track.writes.some((write) => touches(write, write.ack, write.ackAt)) ||
    track.loads.some((load) => touches(load, load.settled, load.settledAt))
  );
}

function isStored(origin, op) {
  const { maker } = origin;
  if (!isLoaded(origin)) return maker.ack < op.inv && maker.error === undefined;
  return !maker.eff.locks && maker.settled < op.inv && maker.op.error === undefined && maker.op.result === origin.value;
}

/** Redis is certainly there again so long after the way to it was hurt. */
const OUTAGE_MS = 1000;

/**
 * Redis may have missed an earlier write or load of the key in an outage. To repair it is an invalidation that comes
 * while the value is being loaded, as far as Redis knows, so the value is not kept.
 */
function mayBeOvertaken(track, origin, world) {
  if (!isLoaded(origin)) return false;
  const { maker } = origin;
  const isMissed = (other, endedAt) =>
    other !== maker &&
    beganOf(other) < maker.settled &&
    world.outages.some((at) => at <= endedAt && beganAt(other) <= at + OUTAGE_MS);
  return (
    track.writes.some((write) => isMissed(write, write.ackAt)) ||
    track.loads.some((load) => isMissed(load, load.settledAt))
  );
}

/**
 * Whether a tag that the loader alone has named was last invalidated by two calls at the same time. Neither learns the
 * count of the tag, so nobody knows whether it stood still during the load, and the value is not stored.
 */
function mayLackCounts(track, origin, world) {
  const { maker } = origin;
  if (!world.hasL2 || !isLoaded(origin)) return false;
  const named = (maker.tags ?? []).filter((tag) => !maker.op.tags?.includes(tag));
  return named.some((tag) => {
    const before = track.writes.filter((write) => write.tag === tag && write.inv < maker.start);
    const last = before.reduce((one, other) => (one === undefined || other.ack > one.ack ? other : one), undefined);
    return before.some((other) => other !== last && other.ack > last.inv);
  });
}

/** So many other keys may have been used since the value was stored that it had to make room. */
function mayBeEvicted(origin, op, history, world) {
  const most = world.maxEntries;
  if (most === undefined) return false;
  const others = new Set();
  for (const track of history.tracks.values()) {
    if (track.key === origin.key) continue;
    const used = track.uses.some((use) => use.settled > beganOf(origin.maker) && use.inv < op.ack);
    if (used || (world.policy !== 'lru' && track.origins.size > 0)) others.add(track.key);
  }
  return others.size >= most;
}

/**
 * Who read the second layer as the value got there may have taken it over, for a lifetime of its own. So may have who
 * passed over the first layer later, for the rest of its life in the second.
 */
function lifeInL1(origin, history, world) {
  const { maker } = origin;
  const least = (eff) => eff.leastL1 ?? eff.l1;
  if (!world.hasL2) return least(maker.eff);
  const overlaps = (use) => use !== (maker.op ?? maker) && use.inv < maker.settled && use.ack > beganOf(maker);
  const { uses } = history.of(origin.key);
  const passesOver = (use) => maySkip(use, world) && use.ack > beganOf(maker);
  const rest = uses.some(passesOver) ? (maker.eff.leastL2 ?? maker.eff.l2) : Number.POSITIVE_INFINITY;
  const readers = uses.filter((use) => overlaps(use) || passesOver(use));
  return Math.min(least(maker.eff), rest, ...readers.map(({ eff }) => least(eff)));
}

function hasToLive(origin, op, history, world) {
  const { eff } = origin.maker;
  const staysInL1 = world.hasL1 && world.isL1Reliable && !mayBeEvicted(origin, op, history, world);
  const leastL2 = eff.leastL2 ?? eff.l2;
  // Redis tells that an entry has expired as it tells of a change.
  const mostL1 = world.tellsChanges === true ? leastL2 : Number.POSITIVE_INFINITY;
  const inL1 = staysInL1 ? Math.min(lifeInL1(origin, history, world), mostL1) : 0;
  const inL2 = world.hasL2 && world.isL2Reliable && !world.isOwed ? leastL2 : 0;
  const ends = beganAt(origin.maker) + Math.max(inL1, inL2);
  const wasTakenBack = world.warm !== undefined && beganAt(origin.maker) < world.warm.at;
  return op.ackAt < (wasTakenBack ? Math.min(ends, world.warm.until) : ends) - EARLY_MS;
}

/** The value of a key that a call has to find, if there is one. */
export function requiredValue(op, history, world) {
  if (maySkip(op, world)) return undefined;
  const track = history.of(op.key);
  return [...track.origins.values()].find(
    (origin) =>
      world.isOne(origin.maker.by, op.by) &&
      storedAt(origin) < op.invAt &&
      isStored(origin, op) &&
      !mayBeOvertaken(track, origin, world) &&
      !mayLackCounts(track, origin, world) &&
      hasToLive(origin, op, history, world) &&
      !isTouched(track, origin, op, world),
  );
}
