'use strict';
// Which work a cache's mirror does without a call. All conditions are here, and each is evaluated when it changes.
//
// The modes are a ladder: each adds to the one below it.
//
//   OFF     nothing: every verb calls the addon
//   READS   answers hits and known absences, and joins loads
//   WRITES  replaces the values of live entries, and queues new entries in the journal
//   LOADS   leads loads
//
// A cache and the memory layer under it each allow one rung at most. The lower of the two is the mode.

const { OPTION } = require('../contract/options.js');

const { REFRESH_AHEAD, TTL_JITTER, XFETCH } = OPTION;

const MODE = Object.freeze({ OFF: 0, READS: 1, WRITES: 2, LOADS: 3 });

/** @typedef {import('../options/read.js').OptionRecord} OptionRecord */

/**
 * Whether the ends of lives are the engine's.
 * @param {OptionRecord} record
 */
const isVaried = (record) => [REFRESH_AHEAD, XFETCH, TTL_JITTER].some((at) => record[at] > 0);

/**
 * Whether a value by these options of a call replaces one that the engine has to know.
 * @param {OptionRecord} record
 */
const replacesKnown = (record) =>
  record[REFRESH_AHEAD] > 0 || record[XFETCH] > 0 || record.etag !== undefined || record.renews === true;

/** The rung that a memory layer allows to the caches over it. */
class LayerMode {
  /** @param {boolean} takesValues whether something is done with each value that is stored: it is weighed, or frozen */
  constructor(takesValues) {
    this.takesValues = takesValues;
    /** How many caches have ever stood on the layer. */
    this.caches = 0;
    /** Requests to the addon that are under way. A write voids their loads, which only the addon knows. */
    this.requests = 0;
    /** Whether the mirror knows only a part of the layer: others change it, or it holds more keys. Never ends. */
    this.isPartial = false;
    this.highest = this.decide();
  }

  decide() {
    if (this.isPartial || this.requests > 0 || this.takesValues) return MODE.READS;
    // A load that one cache leads cannot be joined by another.
    return this.caches > 1 ? MODE.WRITES : MODE.LOADS;
  }

  addCache() {
    this.caches++;
    this.highest = this.decide();
  }

  requestBegan() {
    if (this.requests++ === 0) this.highest = this.decide();
  }

  requestEnded() {
    if (--this.requests === 0) this.highest = this.decide();
  }

  becomePartial() {
    this.isPartial = true;
    this.highest = this.decide();
  }
}

/** The rung that a cache allows, and the mode that comes of both. */
class Mode {
  /**
   * @param {LayerMode} layer
   * @param {object} cache
   * @param {boolean} cache.isMirrored whether the entries of the layer have the keys of callers as their names
   * @param {boolean} cache.isAlone whether reads and writes concern nothing beside the layer
   * @param {boolean} cache.keepsStale whether it keeps stale copies, which the addon writes
   * @param {number} cache.joinableMs how long a load may be joined; NaN where loads have limits
   */
  constructor(layer, { isMirrored, isAlone, keepsStale, joinableMs }) {
    this.layer = layer;
    this.isMirrored = isMirrored;
    this.isAlone = isAlone;
    this.keepsStale = keepsStale;
    this.leads = Number.isFinite(joinableMs);
    this.isClosed = false;
    /** Whether reads pass over the layer. */
    this.isSkipped = false;
    this.highest = this.decide();
  }

  decide() {
    if (this.isClosed || this.isSkipped || !this.isMirrored) return MODE.OFF;
    if (!this.isAlone || this.keepsStale) return MODE.READS;
    return this.leads ? MODE.LOADS : MODE.WRITES;
  }

  get current() {
    const { highest } = this;
    const { highest: ofLayer } = this.layer;
    return highest < ofLayer ? highest : ofLayer;
  }

  /**
   * Whether the mirror stores the value of a local load. Requests that began meanwhile are no hindrance: those of the
   * same key have marked the load as competing.
   */
  get keepsLoaded() {
    return this.highest >= MODE.WRITES && !this.layer.isPartial;
  }

  stopLeading() {
    this.leads = false;
    this.highest = this.decide();
  }

  /** @param {boolean} isSkipped */
  skip(isSkipped) {
    this.isSkipped = isSkipped;
    this.highest = this.decide();
  }

  close() {
    this.isClosed = true;
    this.highest = this.decide();
  }
}

module.exports = { isVaried, LayerMode, Mode, MODE, replacesKnown };
