'use strict';
// The statistics of a cache.
// Generated from src/contract by `npm run contract`.

/** How many numbers cross. */
const COUNT = 44;

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
    audits: {
      freshL1: n[25], freshL2: n[26], staleL1: n[27], staleL2: n[28], unknown: n[29],
    },
    L1: {
      entries: known(n[30]), bytes: known(n[31]), errors: n[32],
    },
    L2: {
      errors: n[33], skipped: n[34],
    },
    bus: {
      publishErrors: n[35], publishSkipped: n[36], received: n[37], duplicates: n[38], stale: n[39],
      valuesReceived: n[40], valuesSent: n[41], valuesTooLarge: n[42], gaps: n[43],
    },
  };
}

module.exports = {
  COUNT,
  statsOf,
};
