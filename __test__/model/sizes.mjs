// The numbers that `size()` may return.
import { requiredValue } from './presence.mjs';
import { mayHold } from './staleness.mjs';

/** The fault of a size of L1: above its bound, above what can be there, below what has to be. */
export function checkSize(op, history, world) {
  const { result } = op;
  if (!Number.isInteger(result) || result < 0) return { text: `gave the size ${result}` };
  if (!world.hasL1) return undefined;
  if (world.maxEntries !== undefined && result > world.maxEntries) {
    return { text: `${result} entries, ${world.maxEntries} are allowed` };
  }
  const keys = [...history.tracks.keys()];
  // Old versions of a key stay until they expire or make room.
  const isVersioned = world.members[op.by].config.versioning?.enabled === true;
  const most = keys.filter((key) => mayHold({ ...op, key }, history, world)).length;
  if (result > most && !isVersioned) return { text: `${result} entries, at most ${most} can be there` };
  // Of values that may be in the second layer alone nothing follows.
  if (world.hasL2) return undefined;
  const least = keys.filter((key) => requiredValue({ ...op, key }, history, world) !== undefined).length;
  return result < least ? { text: `${result} entries, ${least} have to be there` } : undefined;
}
