'use strict';
// What is counted of a cache.
// Generated from src/contract by `npm run contract`.

/** How many numbers cross. */
const COUNT = 37;

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
      started: n[7], succeeded: n[8], failed: n[9], timeouts: n[10], bypassed: n[11],
      overtaken: n[12], totalMs: n[13], running: n[14], oldestMs: n[15],
    },
    sets: n[16], deletes: n[17], patternDeletes: n[18], tagDeletes: n[19], negativeSets: n[20],
    evictions: {
      capacity: n[21], expired: n[22],
    },
    L1: {
      entries: known(n[23]), bytes: known(n[24]), errors: n[25],
    },
    L2: {
      errors: n[26], skipped: n[27],
    },
    bus: {
      publishErrors: n[28], publishSkipped: n[29], received: n[30], duplicates: n[31], stale: n[32],
      valuesReceived: n[33], valuesSent: n[34], valuesTooLarge: n[35], gaps: n[36],
    },
  };
}

module.exports = {
  COUNT,
  statsOf,
};
