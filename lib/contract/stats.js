'use strict';
// What is counted of a cache.
// Generated from src/contract by `npm run contract`.

/** How many numbers cross. */
const COUNT = 35;

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
      totalMs: n[12], running: n[13], oldestMs: n[14],
    },
    sets: n[15], deletes: n[16], patternDeletes: n[17], negativeSets: n[18],
    evictions: {
      capacity: n[19], expired: n[20],
    },
    L1: {
      entries: known(n[21]), bytes: known(n[22]), errors: n[23],
    },
    L2: {
      errors: n[24], skipped: n[25],
    },
    bus: {
      publishErrors: n[26], publishSkipped: n[27], received: n[28], duplicates: n[29], stale: n[30],
      valuesReceived: n[31], valuesSent: n[32], valuesTooLarge: n[33], gaps: n[34],
    },
  };
}

module.exports = {
  COUNT,
  statsOf,
};
