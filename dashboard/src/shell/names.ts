import type { CacheState } from '../state/shapes';

/** A cache without a name has the number that the process gave it. */
export function nameOf({ name, id, environment }: CacheState): string {
  const thread = environment === 0 ? '' : ` · worker ${environment}`;
  return `${name || `cache ${id}`}${thread}`;
}
