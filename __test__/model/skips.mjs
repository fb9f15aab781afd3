// Layers that are disabled for a while: reads pass over them.

/** @typedef {{ layer: 'L1' | 'L2' | undefined, from: number, to: number }} Skip */

const isOf = ({ layer }, other) => layer === undefined || layer === other;

/** A layer of a cache is disabled, or both. */
export function skip(member, layer, step) {
  member.skips.push({ layer, from: step, to: Number.POSITIVE_INFINITY });
}

/** It is enabled again. */
export function unskip(member, layer, step) {
  for (const open of member.skips.filter(({ to }) => to === Number.POSITIVE_INFINITY)) {
    if (layer !== undefined && open.layer === undefined) {
      // The other one stays as it is.
      member.skips.push({ ...open, layer: layer === 'L1' ? 'L2' : 'L1' });
      open.to = step;
    } else if (layer === undefined || open.layer === layer) {
      open.to = step;
    }
  }
}

const skipsOf = (op, world) => world.members?.[op.by]?.skips ?? [];

/** Whether some layer was disabled at some time during a call. */
export function maySkip(op, world) {
  return skipsOf(op, world).some(({ from, to }) => from < op.ack && to > op.inv);
}

/** Whether no layer may have answered a call that loads nothing. */
export function skipsAll(op, world) {
  if (op.verb !== 'get' && op.verb !== 'has') return false;
  const covers = (layer) =>
    skipsOf(op, world).some((skip) => isOf(skip, layer) && skip.from < op.inv && skip.to > op.ack);
  return covers('L1') && (!world.hasL2 || covers('L2'));
}
