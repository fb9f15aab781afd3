'use strict';
// The statistics of a cache.
// Generated from src/contract by `npm run contract`.

/** How many numbers cross. */
const COUNT = 47;

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
      refused: n[13], overtaken: n[14], refreshes: n[15], extended: n[16], totalMs: n[17],
      running: n[18], oldestMs: n[19],
    },
    sets: n[20], deletes: n[21], patternDeletes: n[22], tagDeletes: n[23], negativeSets: n[24],
    evictions: {
      capacity: n[25], expired: n[26],
    },
    audits: {
      freshL1: n[27], freshL2: n[28], staleL1: n[29], staleL2: n[30], unknown: n[31],
    },
    L1: {
      entries: known(n[32]), bytes: known(n[33]), errors: n[34],
    },
    L2: {
      errors: n[35], skipped: n[36], changes: n[37],
    },
    bus: {
      publishErrors: n[38], publishSkipped: n[39], received: n[40], duplicates: n[41], stale: n[42],
      valuesReceived: n[43], valuesSent: n[44], valuesTooLarge: n[45], gaps: n[46],
    },
  };
}

module.exports = {
  COUNT,
  statsOf,
};
