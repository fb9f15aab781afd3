'use strict';
// A load that is led in front of the memory layer, which hears of it when it is over.

const { COUNTED, LOADED } = require('./contract/codes.js');
const { Loading } = require('./loading.js');
const { argumentOf, bridge, codeOf, settle } = require('./raw.js');
const { instant, time } = require('./time.js');

const { raw } = bridge;

class FrontLoad extends Loading {
  /**
   * @param {import('./core.js').Core} core
   * @param {string} key
   * @param {(context?: any) => any} loader
   * @param {number} now
   */
  constructor(core, key, loader, now) {
    super(core, key, loader);
    /** The key, as that of an entry. */
    this.entry = key;
    this.frontKey = key;
    this.started = now;
    /** The same on a clock that goes on within a millisecond, where somebody listens; NaN elsewhere. */
    this.begun = NaN;
    /** Until when others join it. */
    this.until = now + core.joinableMs;
    /** Whether an invalidation or a write of its key came first: then it stores nothing. */
    this.overtaken = false;
    /** The loads that are led in front and began before and after it. @type {FrontLoad | undefined} */
    this.older = undefined;
    /** @type {FrontLoad | undefined} */
    this.younger = undefined;
    /** Whether another load of the key may have stored its value meanwhile: the layer compares the two. */
    this.competes = false;
  }

  /** Calls the loader. */
  start() {
    const { core } = this;
    core.loads.begin(this);
    core.open++;
    bridge.loadBegan();
    if (core.emitter.observed) {
      this.begun = instant();
      core.adapter.lead(this.entry);
      // Whoever heard of it may have closed the cache.
      if (this.over) return;
    }
    this.load();
  }

  /** @param {number} now */
  isJoinable(now) {
    return this.until > now;
  }

  /** An invalidation, or a write: nobody joins any more, and nothing will be stored. */
  overtake() {
    this.overtaken = true;
    this.stray();
  }

  /** Another load takes its place, as this one is too old to be joined. */
  replace() {
    this.competes = true;
    this.stray();
  }

  stray() {
    const { loads } = this.core;
    this.until = 0;
    loads.remove(this);
    loads.strays.add(this);
  }

  /** @param {unknown} value */
  loaded(value) {
    if (this.over) return;
    this.end();
    const { core } = this;
    try {
      const now = time();
      if (!this.competes && (this.overtaken || core.keeps(this.entry, value, now))) {
        this.count(COUNTED.LOADED, now);
        this.resolve(value);
        if (core.emitter.observed) {
          core.adapter.loaded(this.entry, this.duration(now), !this.overtaken && value !== undefined);
        }
      } else this.report(value === undefined ? LOADED.NOTHING : LOADED.VALUE, value);
    } catch (fault) {
      this.reject(fault);
    }
  }

  /** @param {unknown} error */
  failed(error) {
    if (this.over) return;
    this.end();
    if (this.competes) {
      this.report(LOADED.ERROR, error);
      return;
    }
    const now = time();
    this.count(COUNTED.FAILED, now);
    this.reject(error);
    this.core.adapter.failed(this.entry, error, this.duration(now));
  }

  /**
   * @param {number} cameTo
   * @param {number} now
   */
  count(cameTo, now) {
    const { counted } = this.core;
    counted[cameTo]++;
    counted[COUNTED.LOAD_MS] += now - this.started;
  }

  /**
   * How long it took, in milliseconds: not that exactly where nobody listened as it began.
   * @param {number} now
   */
  duration(now) {
    return Number.isNaN(this.begun) ? now - this.started : instant() - this.begun;
  }

  /**
   * Has the addon do what it does when a load is over.
   * @param {number} cameTo
   * @param {unknown} outcome
   */
  report(cameTo, outcome) {
    const { core, entry: key } = this;
    const { table } = core;
    try {
      const slot = cameTo === LOADED.NOTHING ? 0 : table.put(undefined, outcome);
      core.watch();
      const answer = raw.loadedInFront(core.id, key, this.started, cameTo, slot, this.overtaken);
      this.conclude(codeOf(answer), argumentOf(answer));
      // Before anybody hears of it: a handler may store the key.
      if (cameTo === LOADED.NOTHING) core.absent(key);
      settle();
      table.sweep();
    } catch (fault) {
      this.reject(fault);
    }
  }

  /**
   * The cache is closed: the loader is told, and the caller gets `error`.
   * @param {Error} error
   */
  abandon(error) {
    if (this.over) return;
    this.end();
    this.abort(error);
    this.reject(error);
  }

  end() {
    this.over = true;
    const { core } = this;
    core.loads.end(this);
    bridge.loadEnded();
    core.finished();
  }
}

module.exports = { FrontLoad };
