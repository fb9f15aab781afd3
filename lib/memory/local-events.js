'use strict';
// The events of the mirror: hits, writes, joins and loads of which the addon learns later or never.

const { EVENT_TYPES } = require('../contract/words.js');
const { lazy } = require('../lazy.js');
const { telemetry } = require('../telemetry.js');

const made = lazy(() => require('../contract/events.js'));

/** @typedef {import('../../types/events.js').CacheEvent} CacheEvent */
/** @typedef {import('../../types/options.js').CacheKey} CacheKey */

/** @param {CacheEvent['type']} type */
const numberOf = (type) => EVENT_TYPES.indexOf(type);
const [HIT, MISS, SET] = [numberOf('hit'), numberOf('miss'), numberOf('set')];
const [LOADER_START, LOADER_SUCCESS] = [numberOf('loader:start'), numberOf('loader:success')];
const EVICT = numberOf('evict');
const INFLIGHT_REUSE = numberOf('inflight:reuse');

class LocalEvents {
  /** @param {import('../emitter.js').Emitter} emitter */
  constructor(emitter) {
    this.emitter = emitter;
  }

  /** @param {EntryKey} key */
  hit(key) {
    const { emitter } = this;
    if (emitter.hits !== undefined && !telemetry.hasSubscribers) emitter.hits.hit(key);
    else if (emitter.wants(HIT)) emitter.tell(made().EVENT.hit(/** @type {CacheKey} */ (key), 'L1'));
  }

  /**
   * A key that is known to be absent was asked for.
   * @param {EntryKey} key
   */
  absence(key) {
    const { emitter } = this;
    if (emitter.wants(MISS)) emitter.tell(made().EVENT.miss(/** @type {CacheKey} */ (key), 'negative'));
  }

  /** @param {EntryKey} key */
  set(key) {
    const { emitter } = this;
    if (emitter.sets !== undefined && !telemetry.hasSubscribers) emitter.sets.set(key);
    else if (emitter.wants(SET)) emitter.tell(made().EVENT.set(/** @type {CacheKey} */ (key), ['L1']));
  }

  /**
   * The value of a live entry was replaced.
   * @param {EntryKey} key
   */
  replaced(key) {
    const { emitter } = this;
    if (emitter.wants(EVICT)) emitter.tell(made().EVENT.evict(/** @type {CacheKey} */ (key), 'replaced'));
  }

  /**
   * A load began.
   * @param {string} key
   */
  lead(key) {
    const { emitter } = this;
    if (emitter.wants(MISS)) emitter.tell(made().EVENT.miss(key, 'L1'));
    if (emitter.wants(LOADER_START)) emitter.tell(made().EVENT.loaderStart(key));
  }

  /**
   * A load was joined.
   * @param {EntryKey} key
   */
  join(key) {
    const { emitter } = this;
    if (emitter.wants(MISS)) emitter.tell(made().EVENT.miss(/** @type {CacheKey} */ (key), 'L1'));
    if (emitter.wants(INFLIGHT_REUSE)) emitter.tell(made().EVENT.inflightReuse(/** @type {CacheKey} */ (key)));
  }

  /**
   * A load found a value or nothing.
   * @param {string} key
   * @param {number} durationMs
   * @param {boolean} isStored
   */
  loaded(key, durationMs, isStored) {
    const { emitter } = this;
    if (emitter.wants(LOADER_SUCCESS)) emitter.tell(made().EVENT.loaderSuccess(key, durationMs));
    if (isStored) this.set(key);
  }

  /**
   * A load failed. That is logged also without handlers.
   * @param {string} key
   * @param {unknown} error
   * @param {number} durationMs
   */
  failed(key, error, durationMs) {
    this.emitter.emit(made().EVENT.loaderError(key, error, durationMs));
  }
}

module.exports = { LocalEvents };
