'use strict';
// The loads of a cache that callers may join without a call: those that the mirror leads, and requests of the addon.

const { COUNTED } = require('../contract/numbers.js');
const { bridge } = require('../raw.js');
const { LocalLoad } = require('./local-load.js');

const { raw } = bridge;

/**
 * The key of the entry: a number or a bigint addresses the same as its decimal string.
 * @param {string | number | bigint} key
 */
const entryKey = (key) => (typeof key === 'number' || typeof key === 'bigint' ? String(key) : key);

/** The most tags of which is remembered when they were invalidated. */
const MOST_UNTAGGED = 10_000;
/** @type {readonly LocalLoad[]} */
const NONE = [];

/** @typedef {import('../request.js').Request | LocalLoad} Load */

/** No load, and its key, which no caller has. */
const NO_LOAD = /** @type {Load} */ (/** @type {unknown} */ (undefined));
const NO_KEY = /** @type {EntryKey} */ (/** @type {unknown} */ (Symbol('no key')));

class Loads {
  /** @param {Float64Array} counted the counts of the cache */
  constructor(counted) {
    this.counted = counted;
    /** The local load that began last. They are a list, in the order of their beginnings. @type {LocalLoad | undefined} */
    this.youngest = undefined;
    /**
     * The load that was led or joined last: the callers of a stampede come one after the other. None where the layer is
     * shared: another cache may have stored the key, so callers look there first.
     */
    this.last = NO_LOAD;
    /** Its key. @type {EntryKey | undefined} */
    this.lastKey = NO_KEY;
    /** The other loads that may be joined, by key. @type {Map<EntryKey | undefined, Load>} */
    this.others = new Map();
    /** Whether the layer is that of several caches. */
    this.isShared = false;
    /** Local loads that can no longer be joined, by key. @type {Map<string, Set<LocalLoad>>} */
    this.strays = new Map();
    /** How many these are. */
    this.strayed = 0;
    /** The number of times that tags were invalidated, by which local loads know when they began. */
    this.moment = 0;
    /** The moments at which tags were invalidated during a local load. @type {Map<string, number>} */
    this.untagged = new Map();
    /** Until this moment any tag may have been. */
    this.floor = 0;
  }

  /** @param {LocalLoad} load */
  begin(load) {
    const { counted, youngest } = this;
    counted[COUNTED.LOADS]++;
    if (youngest === undefined) {
      counted[COUNTED.OLDEST] = load.started;
    } else {
      youngest.younger = load;
      load.older = youngest;
    }
    this.youngest = load;
    this.bring(load);
  }

  /** @param {LocalLoad} load */
  end(load) {
    const { counted } = this;
    const { older, younger } = load;
    counted[COUNTED.ENDED]++;
    if (younger === undefined) this.youngest = older;
    else younger.older = older;
    if (older !== undefined) older.younger = younger;
    else if (younger !== undefined) counted[COUNTED.OLDEST] = younger.started;
    this.remove(load);
    if (this.strayed !== 0) this.removeStray(load);
    if (this.youngest === undefined && this.untagged.size !== 0) this.untagged.clear();
  }

  /** How many local loads may be joined. */
  get joinable() {
    return this.counted[COUNTED.LOADS] - this.counted[COUNTED.ENDED] - this.strayed;
  }

  /**
   * @param {EntryKey} key
   * @returns {Load | undefined}
   */
  find(key) {
    const { last, lastKey, others } = this;
    if (lastKey === key) return last;
    return others.size === 0 ? undefined : others.get(key);
  }

  /**
   * The local load of a key, also when the key is given as a number.
   * @param {EntryKey} key
   * @returns {LocalLoad | undefined}
   */
  findLocal(key) {
    const load = this.find(entryKey(key));
    return load instanceof LocalLoad ? load : undefined;
  }

  /**
   * Makes a load the last one: it was led or joined just now.
   * @param {Load} load
   */
  bring(load) {
    if (this.last === load) return;
    if (this.isShared) {
      this.others.set(load.joinKey, load);
      return;
    }
    this.setAside();
    this.last = load;
    this.lastKey = load.joinKey;
  }

  /** There are several caches over the layer. */
  share() {
    this.setAside();
    this.isShared = true;
  }

  /** Moves the last load to the others. */
  setAside() {
    const { last, lastKey } = this;
    if (last === NO_LOAD) return;
    this.others.set(lastKey, last);
    this.forgetLast();
  }

  forgetLast() {
    this.last = NO_LOAD;
    this.lastKey = NO_KEY;
  }

  /**
   * A load can no longer be joined.
   * @param {Load} load
   */
  remove(load) {
    if (this.last === load) this.forgetLast();
    const { others } = this;
    if (others.size !== 0 && others.get(load.joinKey) === load) others.delete(load.joinKey);
  }

  /**
   * The key was invalidated or written: its local loads store nothing. The addon voids its own loads.
   * @param {EntryKey} key
   */
  overtake(key) {
    if (this.youngest === undefined) return;
    this.findLocal(key)?.overtake();
    if (this.strayed === 0) return;
    for (const load of this.strays.get(entryKey(key)) ?? NONE) load.isOvertaken = true;
  }

  /**
   * The same of all keys that match.
   * @param {string} pattern
   */
  overtakeMatching(pattern) {
    for (const load of this.local()) if (raw.matches(pattern, load.key)) load.overtake();
  }

  /**
   * Tags were invalidated. Local loads learn their tags from their loaders alone.
   * @param {readonly string[]} tags
   */
  untag(tags) {
    if (this.youngest === undefined) return;
    this.moment++;
    for (const tag of tags) this.untagged.set(tag, this.moment);
    if (this.untagged.size > MOST_UNTAGGED) {
      this.untagged.clear();
      this.floor = this.moment;
    }
    for (const load of this.local()) load.untag(tags);
  }

  /**
   * Whether one of these tags was invalidated after a moment.
   * @param {readonly string[]} tags
   * @param {number} moment
   */
  wereUntagged(tags, moment) {
    if (this.moment === moment) return false;
    return tags.length > 0 && (this.floor > moment || tags.some((tag) => (this.untagged.get(tag) ?? 0) > moment));
  }

  /**
   * A local load can no longer be joined.
   * @param {LocalLoad} load
   */
  addStray(load) {
    const ofKey = this.strays.get(load.key) ?? new Set();
    if (ofKey.has(load)) return;
    this.strays.set(load.key, ofKey.add(load));
    this.strayed++;
  }

  /** @param {LocalLoad} load that may be none */
  removeStray(load) {
    const ofKey = this.strays.get(load.key);
    if (ofKey === undefined || !ofKey.delete(load)) return;
    this.strayed--;
    if (ofKey.size === 0) this.strays.delete(load.key);
  }

  /** From here on others change the layer unnoticed. The values of running loads may be older: they are not stored. */
  overtakeAll() {
    for (const load of this.local()) load.overtake();
  }

  /** All local loads. */
  local() {
    const loads = [];
    for (let load = this.youngest; load !== undefined; load = load.older) loads.push(load);
    return loads;
  }
}

module.exports = { entryKey, Loads };
