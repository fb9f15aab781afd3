/**
 * The scenarios. Each has a `name`, a `unit`, the operations it `needs` of an adapter, its `rows` (`{ id, title,
 * params, quick? }`; `quick: true` for those that `--quick` runs) and `measure({ create, traits, ...params }, budget)`,
 * which resolves to `{ value, … }` in that unit and throws when a value comes back wrong. With `layer: 'redis'` it gets
 * the port of a server as `redisPort` and its process as `redisPid`, and is measured with adapters of that layer alone;
 * `packages` are the adapter's. A row `among` some adapters is measured with those alone. `waits`: its time is not all
 * CPU time.
 */
import burstCold from './burst-cold.mjs';
import coldGetOrSet from './cold-getorset.mjs';
import getOrSetHit, { wrappedHit } from './getorset-hit.mjs';
import has from './has.mjs';
import importing from './import.mjs';
import l1Hit from './l1-hit.mjs';
import { manyGets, manyHits, redisMany } from './many-hits.mjs';
import manyLoad from './many-load.mjs';
import memory from './memory.mjs';
import nearExpiry from './near-expiry.mjs';
import negativeHit from './negative-hit.mjs';
import patternDelete from './pattern-delete.mjs';
import redisHerd from './redis-herd.mjs';
import redisHit from './redis-hit.mjs';
import redisListing from './redis-listing.mjs';
import redisMiss from './redis-miss.mjs';
import redisPaused from './redis-paused.mjs';
import { trackedAge, trackedHits } from './redis-tracked.mjs';
import setEvict from './set-evict.mjs';
import setOverwrite from './set-overwrite.mjs';
import stampede from './stampede.mjs';
import { redisTagDelete, tagDelete, tagged } from './tags.mjs';
import watchedHits from './watched-hits.mjs';
import zipf from './zipf.mjs';

export const scenarios = [
  l1Hit,
  getOrSetHit,
  wrappedHit,
  has,
  nearExpiry,
  negativeHit,
  watchedHits,
  setOverwrite,
  setEvict,
  coldGetOrSet,
  burstCold,
  stampede,
  manyHits,
  manyGets,
  manyLoad,
  zipf,
  memory,
  patternDelete,
  tagged,
  tagDelete,
  importing,
  redisHit,
  redisMiss,
  redisMany,
  redisTagDelete,
  redisListing,
  redisHerd,
  redisPaused,
  trackedAge,
  trackedHits,
];
