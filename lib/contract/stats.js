'use strict';
// What is counted of a cache.
// Generated from src/contract by `npm run contract`.

/** How many numbers cross. */
const COUNT = 36;

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
    sets: n[16], deletes: n[17], patternDeletes: n[18], negativeSets: n[19],
    evictions: {
      capacity: n[20], expired: n[21],
    },
    L1: {
      entries: known(n[22]), bytes: known(n[23]), errors: n[24],
    },
    L2: {
      errors: n[25], skipped: n[26],
    },
    bus: {
      publishErrors: n[27], publishSkipped: n[28], received: n[29], duplicates: n[30], stale: n[31],
      valuesReceived: n[32], valuesSent: n[33], valuesTooLarge: n[34], gaps: n[35],
    },
  };
}

module.exports = {
  COUNT,
  statsOf,
};
