'use strict';
// The loads of a cache that others join without a call.

const { FrontLoad } = require('./front-load.js');
const { COUNTED } = require('./contract/codes.js');
const { bridge } = require('./raw.js');

const { raw } = bridge;

/**
 * The key of the entry: a number or a bigint addresses the same as its decimal string.
 * @param {string | number | bigint} key
 */
const entryKey = (key) => (typeof key === 'number' || typeof key === 'bigint' ? String(key) : key);

/** @typedef {import('./request.js').Request | FrontLoad} Load */

class Loads {
  /** @param {Float64Array} counted what is counted of the cache */
  constructor(counted) {
    this.counted = counted;
    /** Of those that are led in front the one that began last. @type {FrontLoad | undefined} */
    this.youngest = undefined;
    /**
     * The one that was led or joined last: the callers of a stampede come one after the other.
     * @type {Load | undefined}
     */
    this.last = undefined;
    /** Those that were it before, by key. @type {Map<any, Load>} */
    this.others = new Map();
    /** Loads led in front that nobody joins any more. @type {Set<FrontLoad>} */
    this.strays = new Set();
  }

  /**
   * A load is led in front.
   * @param {FrontLoad} load
   */
  begin(load) {
    const { counted, youngest } = this;
    counted[COUNTED.MISSES]++;
    counted[COUNTED.LOADS]++;
    counted[COUNTED.RUNNING]++;
    if (youngest === undefined) {
      counted[COUNTED.OLDEST] = load.started;
    } else {
      youngest.younger = load;
      load.older = youngest;
    }
    this.youngest = load;
    this.bring(load);
  }

  /**
   * A load that was led in front is over.
   * @param {FrontLoad} load
   */
  end(load) {
    const { counted } = this;
    const { older, younger } = load;
    counted[COUNTED.RUNNING]--;
    if (younger === undefined) this.youngest = older;
    else younger.older = older;
    if (older !== undefined) older.younger = younger;
    else if (younger !== undefined) counted[COUNTED.OLDEST] = younger.started;
    this.remove(load);
    if (this.strays.size !== 0) this.strays.delete(load);
  }

  /** How many of those that are led in front can be joined. */
  get joinable() {
    return this.counted[COUNTED.RUNNING] - this.strays.size;
  }

  /** Whether there is none to join. */
  get isEmpty() {
    return this.last === undefined && this.others.size === 0;
  }

  /**
   * @param {string | number} key
   * @returns {Load | undefined}
   */
  find(key) {
    const { last, others } = this;
    if (last !== undefined && last.frontKey === key) return last;
    return others.size === 0 ? undefined : others.get(key);
  }

  /**
   * The load of a key that is led in front, also when the key is given as a number.
   * @param {string | number} key
   * @returns {FrontLoad | undefined}
   */
  findLed(key) {
    const load = this.find(entryKey(key));
    return load instanceof FrontLoad ? load : undefined;
  }

  /**
   * A load that may be joined under its `frontKey` was led or joined.
   * @param {Load} load
   */
  bring(load) {
    if (this.last === load) return;
    this.setAside();
    this.last = load;
  }

  /** From here on the last one is found as the others are. */
  setAside() {
    const { last } = this;
    if (last !== undefined) this.others.set(last.frontKey, last);
    this.last = undefined;
  }

  /**
   * Nobody joins a load any more.
   * @param {Load} load
   */
  remove(load) {
    if (this.last === load) this.last = undefined;
    const { others } = this;
    if (others.size !== 0 && others.get(load.frontKey) === load) others.delete(load.frontKey);
  }

  /**
   * Loads of the key that are led in front store nothing, for it was invalidated or written. The addon sees to the
   * rest.
   * @param {string | number} key
   */
  overtake(key) {
    if (this.isEmpty && this.strays.size === 0) return;
    this.findLed(key)?.overtake();
    const text = entryKey(key);
    for (const load of this.strays) if (load.key === text) load.overtaken = true;
  }

  /**
   * The same of all keys that match.
   * @param {string} pattern
   */
  overtakeMatching(pattern) {
    for (const load of this.led()) if (raw.matches(pattern, load.entry)) load.overtake();
  }

  /** From here on others change the layer unheard: what is loaded now may be older than that, and is not stored. */
  recall() {
    for (const load of this.led()) load.overtake();
  }

  /** All that are led in front. */
  led() {
    const led = [];
    for (let load = this.youngest; load !== undefined; load = load.older) led.push(load);
    return led;
  }
}

module.exports = { entryKey, Loads };
