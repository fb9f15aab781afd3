// The outcomes of a call without a value: nothing, an error, a loader that is run.

import { concerns } from './history.mjs';

const INFLIGHT_MARGIN_MS = 10;
const SKIP_MARGIN_MS = 50;

/** Whether a write that a call has to see came after a load began. */
function isOvertaken(track, load, op, world) {
  return track.writes.some(
    (write) =>
      write.inv > load.start && write.ack < op.inv && world.isOne(write.by, op.by) && concerns(write, load.op.tags),
  );
}

const overlaps = (load, op) => (load.start ?? load.inv) < op.ack && load.settled > op.inv;

/** The fault of a `getOrSet` that returned nothing: no loader found nothing, or not lately enough. */
export function checkAbsence(op, history, world) {
  const track = history.of(op.key);
  const explains = (load) => {
    if (load.outcome !== 'undefined' || load.end > op.ack || isOvertaken(track, load, op, world)) return false;
    return overlaps(load, op) || load.settledAt + load.eff.negativeMs + world.toleranceMs >= op.invAt;
  };
  if (track.loads.some(explains)) return undefined;
  return { text: 'gave undefined, and no loader has lately' };
}

/** Whether a call may have waited for its turn until its limit of time, without a call of its loader: others join it. */
const mayLeadUnseen = (other, op) =>
  other.key === op.key && other.eff?.limitsLoads && other.eff.hardMs !== undefined && overlaps(other, op);

/** The fault of a call that rejected. */
export function checkError(op, history, world) {
  const { error } = op;
  if (error?.code === 'CACHE_CLOSED' && op.ack > world.closingAt) return undefined;
  if (error?.code === 'LOAD_LIMIT' && op.verb === 'getOrSet' && op.eff.limitsLoads && op.loads.length === 0) {
    return undefined;
  }
  // The load it has joined may have waited for its turn or its batch for too long, and never been called.
  const mayHaveJoined = (other) => other.key === op.key && other.eff?.hardMs !== undefined && other.inv < op.ack;
  if (error?.code === 'LOADER_HARD_TIMEOUT' && history.ops.some(mayHaveJoined)) return undefined;
  if (op.verb === 'getOrSet') {
    const track = history.of(op.key);
    const mine = track.loads.filter((load) => overlaps(load, op) && !isOvertaken(track, load, op, world));
    if (mine.some((load) => load.error === error && error !== undefined)) return undefined;
    if (
      error?.code === 'LOADER_HARD_TIMEOUT' &&
      (op.eff.hardMs !== undefined ||
        mine.some(({ eff }) => eff.hardMs !== undefined) ||
        history.ops.some((other) => mayLeadUnseen(other, op)))
    )
      return undefined;
  }
  return { text: `rejected with ${String(error?.stack ?? error).slice(0, 300)}` };
}

function isJoinable(other, op, load, track) {
  if (other.end < load.start || !other.eff.joins || other.eff.limitsJoins || other.signal?.aborted) return false;
  if (load.startAt - other.op.invAt > op.eff.joinableMs - INFLIGHT_MARGIN_MS) return false;
  // A call that was answered may have left its loader running: it is joined while it runs in the background.
  if (other.eff.hardMs !== undefined && load.startAt - other.startAt > other.eff.hardMs - INFLIGHT_MARGIN_MS) {
    return false;
  }
  // A call enters its load before the loader is called: with a lock, a limit or a batch, well before. Another came
  // later and was not to join one of that age, leads a load beside it.
  const wasTooOld = other.startAt - op.invAt > other.eff.joinableMs - INFLIGHT_MARGIN_MS;
  if (op.inv < other.op.inv && wasTooOld) return false;
  return !track.writes.some((write) => write.ack > Math.min(other.op.inv, op.inv));
}

/**
 * Whether Redis may have told of a change since a load began, after which the load is not joined any more: another
 * instance has stored the key, or has begun or prolonged the counter of a tag; or an older value has expired, which
 * Redis may notice late.
 */
function mayBeChanged(load, history, world) {
  if (world.tellsChanges !== true) return false;
  const { key, tags = [] } = load.op;
  const isOfLoad = (other) => other.key === key || other.tags?.some((tag) => tags.includes(tag));
  const isChange = (other) => other.by !== load.by && other.ack > load.start && isOfLoad(other);
  const expires = ({ maker }) => Number.isFinite(maker.eff.l2);
  return history.ops.some(isChange) || [...history.of(key).origins.values()].some(expires);
}

/** The fault of a loader being run for `op` now: another runs that the call has to join. */
export function checkStampede(op, load, history, world) {
  const { eff } = op;
  if (!eff.joins || eff.limitsJoins || world.limitsJoins) return undefined;
  const track = history.of(load.key);
  // Its loader did not want its value to be stored, so callers do not wait for each other. The cache hears that once
  // the loaders of all keys of a batch have ended.
  const isUncacheable = ({ skips, settledAt, eff }) => skips && settledAt + eff.skipMs + SKIP_MARGIN_MS > load.startAt;
  if (track.loads.some(isUncacheable)) return undefined;
  // One that was too old for a call is not joined by later ones either: the last is the one that counts.
  const other = track.loads.findLast(({ by, start }) => by === load.by && start < load.start);
  if (other === undefined || !isJoinable(other, op, load, track)) return undefined;
  if (mayBeChanged(other, history, world)) return undefined;
  return {
    text: `runs a loader while the one of call #${other.op.n} runs, ${(load.startAt - other.startAt).toFixed(1)} ms old`,
  };
}
