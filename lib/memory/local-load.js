'use strict';
// A load that the mirror leads: the addon learns at most of its end.

const { LOADED, VERDICT } = require('../contract/codes.js');
const { COUNTED } = require('../contract/numbers.js');
const { hanging } = require('../hanging.js');
const { Loading } = require('../loading.js');
const { argumentOf, bridge, codeOf, settle } = require('../raw.js');
const { instant, time } = require('../time.js');

const { raw } = bridge;

/** @extends {Loading<string>} */
class LocalLoad extends Loading {
  /**
   * @param {import('../core.js').Core} core
   * @param {string} key
   * @param {number} now
   * @param {boolean} [isPromised]
   */
  constructor(core, key, now, isPromised) {
    super(core, key, isPromised);
    this.started = now;
    /** Until when others may join it. */
    this.until = now + core.mirror.joinableMs;
    /** Its beginning, by a clock finer than a millisecond, if there are handlers. @type {number | undefined} */
    this.began = undefined;
    /** Whether its key was invalidated or written since: then it stores nothing. */
    this.isOvertaken = false;
    /**
     * Whether the mirror does not know the key: it did not as the load began, and whoever stores the key or its absence
     * meanwhile makes sure that the load is not joined any more.
     */
    this.isOfNewKey = false;
    /** Whether another load of the key may have stored its value meanwhile: the engine compares the two. */
    this.competes = false;
    /** Tags that were invalidated after this moment may be tags of its value. */
    this.moment = core.mirror.loads.moment;
    /** The local loads that began before and after it. @type {LocalLoad | undefined} */
    this.older = undefined;
    /** @type {LocalLoad | undefined} */
    this.younger = undefined;
  }

  /** Options of a call take a call. @returns {import('../options/read.js').OptionRecord | undefined} */
  get record() {
    return undefined;
  }

  /** Whether its loader was called: it calls it at once. */
  get isCalled() {
    return true;
  }

  /** The key under which others join it without a call. */
  get joinKey() {
    return this.key;
  }

  /** @param {(context?: any) => any} loader */
  start(loader) {
    if (this.begin()) this.load(loader);
  }

  /** Returns whether it goes on. */
  begin() {
    const { core } = this;
    const { mirror } = core;
    mirror.loads.begin(this);
    core.open++;
    bridge.loadBegan();
    if (mirror.emitter.observed) {
      this.began = instant();
      mirror.events.lead(this.key);
    }
    // A handler may have closed the cache.
    return !this.over;
  }

  /** @param {number} now */
  isJoinable(now) {
    return this.until > now;
  }

  /** From here on it cannot be joined. */
  close() {
    this.until = 0;
    this.isOfNewKey = false;
  }

  /** The key was invalidated or written: the load can no longer be joined, and stores nothing. */
  overtake() {
    this.isOvertaken = true;
    this.stray();
  }

  /**
   * Tags were invalidated.
   * @param {readonly string[]} tags
   */
  untag(tags) {
    const named = this.said?.record?.tags;
    if (named?.some((tag) => tags.includes(tag))) this.overtake();
  }

  /** Another load takes its place, as this one is too old to be joined. */
  replace() {
    this.competes = true;
    hanging.replaced(this);
    this.stray();
  }

  stray() {
    const { loads } = this.core.mirror;
    this.close();
    loads.remove(this);
    loads.addStray(this);
  }

  /** @param {unknown} value */
  loaded(value) {
    this.isLoaded = true;
    if (this.over) return;
    if (this.said !== undefined || this.core.shouldCache !== undefined) {
      this.loadedWith(LOADED.VALUE, value);
      return;
    }
    this.end();
    const { mirror } = this.core;
    try {
      const now = time();
      const isDone = !this.competes && (this.isOvertaken || mirror.keep(this, value, now));
      if (!isDone) {
        this.report(value === undefined ? LOADED.NOTHING : LOADED.VALUE, value);
        return;
      }
      this.countTime(now);
      this.resolve(value);
      if (mirror.emitter.observed) {
        mirror.events.loaded(this.key, this.duration(now), !this.isOvertaken && value !== undefined);
      }
    } catch (fault) {
      this.reject(fault);
    }
  }

  /** @param {unknown} error */
  failed(error) {
    this.isLoaded = true;
    if (this.over) return;
    if (this.said !== undefined) {
      this.loadedWith(LOADED.ERROR, error);
      return;
    }
    this.end();
    if (this.competes) {
      this.report(LOADED.ERROR, error);
      return;
    }
    const { mirror } = this.core;
    const now = time();
    mirror.counted[COUNTED.FAILED]++;
    this.countTime(now);
    this.reject(error);
    mirror.events.failed(this.key, error, this.duration(now));
  }

  /**
   * The end of a loader that may have given directives: these are the engine's.
   * @param {number} ended a value that may be undefined, or an error
   * @param {unknown} given
   */
  loadedWith(ended, given) {
    try {
      this.said ??= this.core.directivesOf(this);
      const { said } = this;
      const { cameTo, outcome } = said.end(ended, given);
      // Code of a user may have closed the cache.
      if (this.over) return;
      const { loads } = this.core.mirror;
      if (loads.wereUntagged(said.record?.tags ?? [], this.moment)) this.isOvertaken = true;
      this.end();
      if (said.verdict === VERDICT.SKIP) this.core.mirror.skipped(this.key, said.skipMs);
      this.report(cameTo, outcome, said);
    } catch (fault) {
      if (!this.over) this.end();
      this.reject(fault);
    }
  }

  /** @param {number} now */
  countTime(now) {
    if (now !== this.started) this.core.mirror.counted[COUNTED.LOAD_MS] += now - this.started;
  }

  /**
   * How long it took, in milliseconds. Exact only if there were handlers as it began.
   * @param {number} now
   */
  duration(now) {
    return this.began === undefined ? now - this.started : instant() - this.began;
  }

  /**
   * Makes the engine do its part at the end of a load, and count it.
   * @param {number} cameTo
   * @param {unknown} outcome
   * @param {import('../directives.js').Directives} [said] the directives of its loader
   */
  report(cameTo, outcome, said) {
    const { core, key } = this;
    const { table, mirror } = core;
    mirror.counted[COUNTED.REPORTED]++;
    try {
      const slot = cameTo === LOADED.NOTHING ? 0 : table.put(undefined, outcome);
      const target = core.target('', said?.record);
      const verdict = said?.verdict ?? VERDICT.KEEP;
      const answer = raw.finishLoad(target, key, this.started, cameTo, slot, this.isOvertaken, verdict);
      this.conclude(codeOf(answer), argumentOf(answer));
      // Before the handlers: one may store the key.
      if (cameTo === LOADED.NOTHING) mirror.markAbsent(key);
      settle();
      table.sweep();
    } catch (fault) {
      this.reject(fault);
    }
  }

  /**
   * The cache is closed: aborts the loader, and rejects the caller with `error`.
   * @param {Error} error
   */
  abandon(error) {
    if (this.over) return;
    this.core.mirror.counted[COUNTED.REPORTED]++;
    this.end();
    this.abort(error);
    this.reject(error);
  }

  end() {
    this.over = true;
    const { core } = this;
    core.mirror.loads.end(this);
    bridge.loadEnded();
    core.finished();
  }
}

module.exports = { LocalLoad };
