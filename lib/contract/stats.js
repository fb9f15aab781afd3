'use strict';
// The statistics of a cache.
// Generated from src/contract by `npm run contract`.

/** How many numbers cross. */
const COUNT = 39;

/** @param {number} number */
const known = (number) => (Number.isNaN(number) ? undefined : number);

/**
 * The object of the numbers of a cache.
 * @param {ArrayLike<number>} n
 */
function statsOf(n) {
  return {
    hits: {
      L1: n[0], L2: n[1], negative: n[2], stale: n[3],
    },
    misses: {
      L1: n[4], L2: n[5],
    },
    joins: n[6],
    loads: {
      started: n[7], succeeded: n[8], failed: n[9], timeouts: n[10], bypassed: n[11], queued: n[12],
      refused: n[13], overtaken: n[14], totalMs: n[15], running: n[16], oldestMs: n[17],
    },
    sets: n[18], deletes: n[19], patternDeletes: n[20], tagDeletes: n[21], negativeSets: n[22],
    evictions: {
      capacity: n[23], expired: n[24],
    },
    L1: {
      entries: known(n[25]), bytes: known(n[26]), errors: n[27],
    },
    L2: {
      errors: n[28], skipped: n[29],
    },
    bus: {
      publishErrors: n[30], publishSkipped: n[31], received: n[32], duplicates: n[33], stale: n[34],
      valuesReceived: n[35], valuesSent: n[36], valuesTooLarge: n[37], gaps: n[38],
    },
  };
}

module.exports = {
  COUNT,
  statsOf,
};
