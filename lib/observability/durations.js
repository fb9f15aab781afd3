'use strict';
// How long things took, counted in an array that other threads read.

const { DURATIONS } = require('../contract/observed.js');

const { SUM, LONGEST } = DURATIONS;

/**
 * The bucket of a duration, see engine/src/observe/histogram.rs.
 * @param {number} units
 */
function bucketOf(units) {
  const whole = Math.min(Math.max(Math.round(units), 0), 0x7fff_ffff);
  if (whole < 4) return whole;
  const power = 31 - Math.clz32(whole);
  return ((power - 1) << 2) | ((whole >> (power - 2)) & 3);
}

class Durations {
  /**
   * @param {Float64Array} words
   * @param {number} from where those of this kind begin
   */
  constructor(words, from) {
    this.words = words;
    this.from = from;
  }

  /** @param {number} units micros of loads, nanos of calls */
  measure(units) {
    const { words, from } = this;
    words[from + bucketOf(units)]++;
    words[from + SUM] += units;
    words[from + LONGEST] = Math.max(words[from + LONGEST], units);
  }
}

module.exports = { Durations };
