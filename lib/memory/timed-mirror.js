'use strict';
// The mirror of a cache with a dashboard: it times one of 64 reads.

const { instant, isReal } = require('../time.js');
const { Mirror } = require('./mirror.js');

/** One of this number of reads is timed. */
const EVERY = 64;
const NANOS = 1e6;
/** Pairs of looks at the clock. The closest pair shows how long one look takes. */
const PAIRS = 64;

/** How long a look at the clock takes, in milliseconds. */
function lookMs() {
  let least = Infinity;
  for (let pair = 0; pair < PAIRS; pair++) {
    const first = instant();
    least = Math.min(least, instant() - first);
  }
  return least;
}

/** @type {number | undefined} */
let look;

class TimedMirror extends Mirror {
  /**
   * @param {import('../core.js').Core} core
   * @param {import('../options/read.js').OptionRecord} record
   * @param {number} flags
   */
  constructor(core, record, flags) {
    super(core, record, flags);
    /** Reads until the next one that is timed. */
    this.left = EVERY;
    /** Takes the times. @type {{ measure(nanos: number): void } | undefined} */
    this.times = undefined;
  }

  /**
   * @param {EntryKey} key
   * @returns {Promise<any> | undefined}
   */
  get(key) {
    if (--this.left !== 0) return super.get(key);
    return this.timed(key) ?? super.get(key);
  }

  /**
   * @param {EntryKey} key
   * @param {(context?: any) => any} loader
   * @returns {Promise<any> | undefined}
   */
  getOrSet(key, loader) {
    if (--this.left !== 0) return super.getOrSet(key, loader);
    return this.timed(key) ?? super.getOrSet(key, loader);
  }

  /**
   * Answers a key that is in the layer, as `get` does, and takes the time.
   * @param {EntryKey} key
   * @returns {Promise<any> | undefined}
   */
  timed(key) {
    this.left = EVERY;
    // The clock of a test does not show how long this takes.
    if (this.times === undefined || !isReal()) return undefined;
    look ??= lookMs();
    const began = instant();
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot === undefined || !this.isLive(slot)) return undefined;
    const answer = this.answer(key, slot);
    this.times.measure(Math.max(0, instant() - began - look) * NANOS);
    return answer;
  }
}

module.exports = { EVERY, TimedMirror };
