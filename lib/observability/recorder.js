'use strict';
// The collector of a cache's dashboard. Hits in L1 and writes of the mirror may be millions a second: it keeps the
// first 1,000 of each in 100 ms, and is not told of the others. `stats()` counts all of them anyway.

const { DURATIONS } = require('../contract/observed.js');
const { KEPT, Collector, now } = require('./collector.js');

/** The hits that are kept in this time, in milliseconds, and as many writes. */
const MOST_KEPT = 1000;
const WINDOW_MS = 100;

// Tests that replace timers need not drive that of a dashboard.
const { setTimeout } = globalThis;

/** @implements {NonNullable<import('../emitter.js').Emitter['recorder']>} */
class Recorder extends Collector {
  /**
   * @param {{ maxEvents: number, maxValueBytes: number }} bounds of the events and of values in them
   * @param {import('../core.js').Core} core
   * @param {Float64Array} words which tell other threads how many events were kept
   */
  constructor({ maxEvents, maxValueBytes }, core, words) {
    super(maxEvents, maxValueBytes);
    this.core = core;
    this.words = words;
    /** Events that are neither hits in L1 nor writes. */
    this.others = 0;
    /** How many more hits and writes are kept now. */
    this.hitsLeft = MOST_KEPT;
    this.setsLeft = MOST_KEPT;
    /** Since when. */
    this.hitsBegan = -Infinity;
    this.setsBegan = -Infinity;
    /** Whether hits or writes may have come that were not kept, and whether writes. */
    this.hasLeftOut = false;
    this.hasMissedSets = false;
    this.isResting = false;
    /** @type {(() => void) | undefined} */
    this.changed = undefined;
  }

  get takesHits() {
    return this.hitsLeft > 0;
  }

  get takesSets() {
    return this.setsLeft > 0;
  }

  /** @param {Foreign} event */
  take(event) {
    const { type, key } = event;
    if (type === 'hit' && event.level === 'L1') {
      this.hit(key);
    } else if (type === 'set') {
      this.count(type, event);
      this.write(KEPT.EVENT, event);
    } else {
      this.others++;
      super.take(event);
    }
  }

  /** @param {EntryKey} key that was hit in L1 */
  hit(key) {
    if (this.hitsLeft === 0) return;
    this.hitsLeft--;
    this.hits++;
    this.keep(KEPT.HIT, key);
    if (this.hitsLeft === 0) this.hitsLeft = this.isOver(this.hitsBegan) ? this.beginHits() : this.rest();
  }

  /** @param {EntryKey} key that the mirror has written */
  set(key) {
    this.counters.sets++;
    this.write(KEPT.SET, key);
  }

  /**
   * @param {number} kind
   * @param {unknown} event
   */
  write(kind, event) {
    if (this.setsLeft === 0) return;
    this.setsLeft--;
    this.keep(kind, event);
    if (this.setsLeft > 0) return;
    this.setsLeft = this.isOver(this.setsBegan) ? this.beginSets() : this.rest();
    if (this.setsLeft === 0) this.hasMissedSets = true;
  }

  /**
   * @param {number} kind
   * @param {unknown} event
   */
  keep(kind, event) {
    super.keep(kind, event);
    this.words[DURATIONS.KEPT] = this.kept;
  }

  /** @param {number} began */
  isOver(began) {
    return now() - began >= WINDOW_MS;
  }

  beginHits() {
    this.hitsBegan = now();
    return MOST_KEPT;
  }

  beginSets() {
    this.setsBegan = now();
    return MOST_KEPT;
  }

  /** Takes no more for a while. */
  rest() {
    this.hasLeftOut = true;
    if (!this.isResting) {
      this.isResting = true;
      setTimeout(() => this.wake(), WINDOW_MS).unref?.();
    }
    this.changed?.();
    return 0;
  }

  /** Takes hits and writes again. The numbers of those that follow leave a gap for the ones that were left out. */
  wake() {
    this.isResting = false;
    this.total = Math.max(this.total, this.totals().events);
    if (this.hitsLeft === 0) this.hitsLeft = this.beginHits();
    if (this.setsLeft === 0) this.setsLeft = this.beginSets();
    this.changed?.();
  }

  get isComplete() {
    return super.isComplete && !this.hasMissedSets;
  }

  totals() {
    // Until a hit or a write is left out, the recorder is told of all events, and it counts none before it is told of
    // it.
    if (!this.hasLeftOut) return super.totals();
    const { hits, sets } = this.core.stats();
    return { events: this.others + hits.L1 + sets, hits: hits.L1, sets };
  }
}

module.exports = { Recorder };
