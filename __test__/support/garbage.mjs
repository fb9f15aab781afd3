import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { turns } from './deferred.mjs';

setFlagsFromString('--expose-gc');
/** Collects garbage now. */
export const collect = runInNewContext('gc');

/** Collects garbage until nothing of `refs` lives. Returns how many still do when it gives up. */
export async function survivors(refs, between = () => {}) {
  let alive = refs.length;
  for (let round = 0; round < 40 && alive > 0; round += 1) {
    await between();
    await turns(2);
    collect();
    alive = refs.filter((ref) => ref.deref() !== undefined).length;
  }
  return alive;
}

/** Resident memory in bytes after a collection. */
export async function residentBytes() {
  collect();
  await turns(2);
  collect();
  return process.memoryUsage().rss;
}
