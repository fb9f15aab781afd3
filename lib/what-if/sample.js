'use strict';
// A cache of one size under each policy, simulated by a sample of the keys: SHARDS (Waldspurger, Park, Garthwaite and
// Ahmad, FAST 2015). It reads the keys with the lowest hashes, in a cache that is smaller by the same factor.

const { HASHES } = require('./hashes.js');
const { SimulatedLru } = require('./lru.js');
const { SimulatedS3Fifo } = require('./s3fifo.js');

/** The most entries of a simulated cache. */
const SAMPLED = 1000;
/** The number of groups of the sampled keys. The differences of their misses show the error. A power of two. */
const GROUPS = 16;
/**
 * 19 of 20 estimates are within this number of standard errors: measured, on traces. By the number of groups it would
 * be 2.1, but the groups share a cache.
 */
const WITHIN = 2.8;

class Sample {
  /** @param {number} entries of the cache that is simulated */
  constructor(entries) {
    this.entries = entries;
    /** One key in this number is sampled. */
    this.rate = Math.max(1, entries / SAMPLED);
    /** Hashes below this are sampled. */
    this.below = HASHES / this.rate;
    const simulated = Math.min(entries, SAMPLED);
    this.lru = new SimulatedLru(simulated);
    this.s3fifo = new SimulatedS3Fifo(simulated);
    /** Misses by group. */
    this.missesOfLru = new Float64Array(GROUPS);
    this.missesOfS3Fifo = new Float64Array(GROUPS);
  }

  /** @param {number} hash of the key that is read */
  read(hash) {
    if (hash >= this.below) return;
    const group = hash & (GROUPS - 1);
    if (!this.lru.read(hash)) this.missesOfLru[group]++;
    if (!this.s3fifo.read(hash)) this.missesOfS3Fifo[group]++;
  }

  /** @param {number} reads of all keys */
  estimates(reads) {
    return {
      maxEntries: this.entries,
      lru: this.estimate(this.missesOfLru, reads),
      s3fifo: this.estimate(this.missesOfS3Fifo, reads),
    };
  }

  /**
   * The estimate, by the misses among the reads that the sample should have had. A key that is read very often is in
   * the sample or not, and nearly always a hit.
   * @param {Float64Array} misses by group
   * @param {number} reads
   */
  estimate(misses, reads) {
    const sampled = reads / this.rate;
    const sum = misses.reduce((all, one) => all + one, 0);
    const squares = misses.reduce((all, one) => all + (one - sum / GROUPS) ** 2, 0);
    const variance = (squares * GROUPS) / (GROUPS - 1);
    const error = (WITHIN * Math.sqrt(variance * (1 - 1 / this.rate))) / sampled;
    return { hitRatio: Math.max(0, 1 - sum / sampled), error: Math.min(1, error) };
  }
}

module.exports = { Sample };
