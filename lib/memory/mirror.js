'use strict';
// The mirror of a memory layer: answers a cache's verbs without a call of the addon, as far as its mode goes. Each
// method returns undefined where a call is needed. See docs/decisions/mirror.md.

const { DERIVED } = require('../contract/codes.js');
const { COUNTED, LAYERS } = require('../contract/numbers.js');
const { OPTION } = require('../contract/options.js');
const { joined } = require('../nesting.js');
const { bridge } = require('../raw.js');
const { isReal, pass, time } = require('../time.js');
const { entryKey, Loads } = require('./loads.js');
const { LocalEvents } = require('./local-events.js');
const { LocalLoad } = require('./local-load.js');
const { isVaried, Mode, MODE, replacesKnown } = require('./mode.js');
const { Uncacheable } = require('./uncacheable.js');

const { raw, clock } = bridge;

// Answers that all callers share.
/** Of a write, and of a read that finds nothing. */
const DONE = Promise.resolve(undefined);
/** Of `has`. */
const HELD = Promise.resolve(true);
const NOT_HELD = Promise.resolve(false);

/** The `Map` of a closed cache, and of one whose entries have other names than the keys of callers. */
const NO_KEYS = new Map();

class Mirror {
  /**
   * @param {import('../core.js').Core} core
   * @param {import('../options/read.js').OptionRecord} record the options of the cache
   * @param {number} flags of its layers
   */
  constructor(core, record, flags) {
    const { table } = core;
    const keepsStale = record[OPTION.FAIL_SAFE_ENABLED] === 1 || isVaried(record);
    // Entries of a versioned cache have other names than the keys of callers.
    const isVersioned = record[OPTION.VERSIONING_ENABLED] === 1;
    const isMirrored = table.hasMemory && !isVersioned && (flags & (LAYERS.CUSTOM_L1 | LAYERS.NO_L1)) === 0;
    this.core = core;
    this.table = table;
    this.journal = table.journal;
    this.emitter = core.emitter;
    this.events = new LocalEvents(core.emitter);
    /** Its counts, for `stats()`. @type {Float64Array} */
    this.counted = core.counted;
    this.loads = new Loads(core.counted);
    /** How long entries live in memory. @type {number} */
    this.lifetime = raw.derived(core.id, DERIVED.LIFETIME);
    /** How long a load may be joined; NaN where loads have limits. @type {number} */
    this.joinableMs = core.limit === undefined ? raw.derived(core.id, DERIVED.JOINABLE) : NaN;
    /** Whether some call remembers that a loader found nothing. */
    this.remembersAbsence = raw.derived(core.id, DERIVED.REMEMBERS_ABSENCE) === 1;
    /** How long a key counts as uncacheable once its loader has skipped. @type {number} */
    this.skipMs = raw.derived(core.id, DERIVED.SKIP_TTL);
    /** Until when keys are: the engine leads their loads, which nobody joins. @type {Uncacheable | undefined} */
    this.uncacheable = undefined;
    this.mode = new Mode(table.mode, { isMirrored, isAlone: flags === 0, keepsStale, joinableMs: this.joinableMs });
    /** Whether requests may be joined without a call. Where loads take turns, a join may make one start. */
    this.offersLoads = flags === 0 && core.limit === undefined;
    /** Slot by key. @type {Map<string, number>} */
    this.map = isMirrored ? table.map : NO_KEYS;
    /** Whether hits and sets are counted for each cache, not by the journal, as there are several over the layer. */
    this.countsAlone = false;
    /** Whether each look for a key of several is to be heard (`slotOf`). */
    this.isListened = false;
    this.standOn(keepsStale);
  }

  /**
   * Joins the layer.
   * @param {boolean} keepsStale
   */
  standOn(keepsStale) {
    const { table } = this;
    const first = table.first?.deref()?.mirror;
    first?.makeRoom();
    table.joinedBy(this.core);
    table.first ??= new WeakRef(this.core);
    table.mode.addCache();
    const isFirst = table.mode.caches === 1;
    if (!isFirst) this.countAlone(false);
    // The engine drops stale copies and absences of a key when another cache writes it, so it must know the write.
    const keeps = keepsStale || this.remembersAbsence || first?.remembersAbsence === true;
    if (keeps && (keepsStale || !isFirst)) table.becomePartial();
  }

  /** Another cache joins the layer. */
  makeRoom() {
    this.loads.overtakeAll();
    this.countAlone(true);
    this.table.forgetAbsences();
  }

  /** @param {boolean} wasOnly whether the journal has counted for this cache until now */
  countAlone(wasOnly) {
    this.countsAlone = true;
    this.loads.share();
    raw.shareMirror(this.core.id, wasOnly);
  }

  /**
   * @param {EntryKey} key
   * @returns {Promise<any> | undefined}
   */
  get(key) {
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot === undefined || !this.isLive(slot)) return undefined;
    return this.answer(key, slot);
  }

  /**
   * The slot of an entry that may be answered, or -1.
   * @param {string} text of its key
   */
  slotOf(text) {
    const slot = this.map.get(text);
    return slot !== undefined && this.isLive(slot) ? slot : -1;
  }

  /**
   * @param {EntryKey} key
   * @returns {Promise<boolean> | undefined}
   */
  has(key) {
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot === undefined || !this.isLive(slot)) return undefined;
    pass();
    return this.table.values[slot] === undefined ? NOT_HELD : HELD;
  }

  /** @param {number} slot */
  isLive(slot) {
    return (this.table.words[slot] > clock[0] && isReal()) || this.table.outlives(slot);
  }

  /**
   * @param {EntryKey} key
   * @param {number} slot
   * @returns {Promise<any>}
   */
  answer(key, slot) {
    // Read before the handlers run: one may delete the key, and the slot be another's.
    const value = this.table.values[slot];
    if (value === undefined) return this.answerAbsent(key);
    this.note(key, slot);
    return Promise.resolve(value);
  }

  /**
   * Records a hit, counts it and tells it.
   * @param {EntryKey} key
   * @param {number} slot
   */
  note(key, slot) {
    this.journal.hit(slot);
    if (this.countsAlone) this.counted[COUNTED.HITS]++;
    if (this.emitter.hearsHits) this.events.hit(key);
  }

  /** @param {EntryKey} key */
  answerAbsent(key) {
    this.counted[COUNTED.ABSENCES]++;
    pass();
    if (this.emitter.observed) this.events.absence(key);
    return DONE;
  }

  /**
   * @param {EntryKey} key
   * @param {(context?: any) => any} loader
   * @returns {Promise<any> | undefined}
   */
  getOrSet(key, loader) {
    const { last, lastKey } = this.loads;
    // Most callers of a stampede end here. The key is not in the layer.
    if (lastKey === key && last.isJoinable(clock[0]) && isReal()) return this.join(last, key);
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && this.isLive(slot)) return this.answer(key, slot);
    return this.load(key, loader, slot);
  }

  /**
   * Joins the load of a key that is not in the layer, or leads one.
   * @param {EntryKey} key
   * @param {((context?: any) => any) | undefined} loader
   * @param {number | undefined} slot
   * @param {{ lead(key: string, now: number): any }} [leader] makes the load, which is returned
   * @returns {Promise<any> | undefined}
   */
  load(key, loader, slot, leader) {
    const mode = this.mode.current;
    if (mode === MODE.OFF) return undefined;
    const now = time();
    if (this.uncacheable?.has(key, now)) return undefined;
    const load = this.loads.find(key);
    if (load !== undefined && load.isJoinable(now)) return this.joinLoad(load, key);
    if (mode < MODE.LOADS || typeof key !== 'string' || (slot !== undefined && this.survives(key, slot))) {
      return undefined;
    }
    if (load instanceof LocalLoad) load.replace();
    if (leader !== undefined) return leader.lead(key, now);
    const led = new LocalLoad(this.core, key, now);
    led.isOfNewKey = slot === undefined;
    led.start(/** @type {(context?: any) => any} */ (loader));
    return led.promise;
  }

  /**
   * A loader did not want its value to be stored.
   * @param {EntryKey} key
   * @param {number} ms
   */
  skipped(key, ms) {
    if (!(ms > 0) || !this.mode.isMirrored) return;
    this.uncacheable ??= new Uncacheable();
    this.uncacheable.add(key, time() + ms);
  }

  /**
   * Whether a victim is still there after a drain.
   * @param {string} key
   * @param {number} slot
   */
  survives(key, slot) {
    if (!this.table.isVictim(slot)) return false;
    this.table.drain();
    return this.map.has(key);
  }

  /**
   * @param {import('./loads.js').Load} load
   * @param {EntryKey} key
   * @returns {Promise<any>}
   */
  joinLoad(load, key) {
    this.loads.bring(load);
    return this.join(load, key);
  }

  /**
   * Joins the load that was led or joined last.
   * @param {import('./loads.js').Load} load
   * @param {EntryKey} key
   * @returns {Promise<any>}
   */
  join(load, key) {
    this.counted[COUNTED.JOINS]++;
    if (this.emitter.observed) this.events.join(key);
    return joined(load);
  }

  /**
   * For a `getOrSet` by a call, which the engine leads without knowing of local loads.
   * @param {EntryKey} key
   * @param {import('../options/read.js').OptionRecord | undefined} record the options of the call
   * @returns {Promise<any> | undefined} of the local load, if it may be joined
   */
  joinOrCompete(key, record) {
    return this.joinLocal(key, record);
  }

  /**
   * The same for one of several keys.
   * @param {EntryKey} key
   * @param {import('../options/read.js').OptionRecord | undefined} record
   * @returns {Promise<any> | undefined}
   */
  joinLocal(key, record) {
    const load = this.loads.findLocal(key);
    if (load !== undefined) {
      if (record?.[OPTION.INFLIGHT_ENABLED] === 0) {
        load.competes = true;
      } else {
        const ttl = record?.[OPTION.INFLIGHT_TTL_MS] ?? NaN;
        const joinableMs = ttl >= 0 ? ttl : this.joinableMs;
        if (load.until !== 0 && time() < load.started + joinableMs) return this.joinLoad(load, key);
        load.replace();
      }
    }
    if (record !== undefined) {
      const most = record[OPTION.INFLIGHT_MAX_ENTRIES];
      record[OPTION.INFLIGHT_MAX_ENTRIES] = Math.max(0, most - this.loads.joinable);
    }
    return undefined;
  }

  /**
   * @param {EntryKey} key
   * @param {unknown} value
   * @returns {Promise<void> | undefined}
   */
  set(key, value) {
    if (this.mode.current < MODE.WRITES || value === undefined) return undefined;
    if (this.loads.youngest !== undefined) this.loads.overtake(key);
    const now = time();
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && this.table.words[slot] > now) {
      // A key that is known to be absent takes a call.
      if (this.table.values[slot] === undefined) return undefined;
      this.table.overwrite(slot, value, now + this.lifetime);
      if (this.emitter.observed) this.events.replaced(key);
      this.stored();
    } else if (typeof key !== 'string' || !this.insert(key, value, now, slot)) {
      return undefined;
    }
    if (this.emitter.hearsSets) this.events.set(key);
    return DONE;
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {number} now
   * @param {number | undefined} slot the slot of the key until now
   */
  insert(key, value, now, slot) {
    const isStored = this.table.insert(key, value, now + this.lifetime, slot);
    if (isStored) this.stored();
    return isStored;
  }

  stored() {
    if (this.countsAlone) this.counted[COUNTED.SETS]++;
  }

  /**
   * Stores the value of a local load that was not overtaken. Returns false if that takes the engine.
   * @param {LocalLoad} load
   * @param {unknown} value
   * @param {number} now
   */
  keep({ key, isOfNewKey }, value, now) {
    if (value === undefined) return !this.remembersAbsence;
    if (!this.mode.keepsLoaded) return false;
    return this.insert(key, value, now, isOfNewKey ? undefined : this.map.get(key));
  }

  /**
   * A loader found nothing. Where that is remembered, the mirror answers it from a slot without a value.
   * @param {EntryKey} key
   */
  markAbsent(key) {
    const { table, mode } = this;
    // An absence holds for one cache, so it is not remembered here where several are over the layer.
    if (!this.remembersAbsence || !mode.isMirrored || table.mode.caches !== 1) return;
    const slot = table.put(undefined, undefined);
    if (!raw.markAbsent(this.core.id, entryKey(key), slot)) return;
    this.link(key, slot);
    // The absence answers the next caller, not a load under way.
    const load = this.loads.findLocal(key);
    load?.close();
  }

  /**
   * The options of a call may have the engine keep more beside the layer than those of the cache.
   * @param {import('../options/read.js').OptionRecord} record
   */
  prepare(record) {
    const { table } = this;
    const keepsStale = record[OPTION.FAIL_SAFE_ENABLED] === 1;
    // The word of an entry with a stale copy ends before its life does, so the mirror cannot distinguish it from an
    // expired one.
    if (keepsStale) this.mode.stopLeading();
    if (record[OPTION.NEGATIVE_CACHE_TTL_MS] > 0) this.remembersAbsence = true;
    const keeps = keepsStale || replacesKnown(record) || (this.remembersAbsence && table.mode.caches > 1);
    if (keeps && !table.mode.isPartial) table.becomePartial();
  }

  /** Makes the mirror answer a key from a slot. @param {EntryKey | undefined} key @param {number} slot */
  link(key, slot) {
    if (this.mode.isMirrored && key !== undefined) this.table.link(String(key), slot);
  }

  /**
   * Lets others join a request of the addon without a call.
   * @param {import('../request.js').Request} request
   * @param {EntryKey | undefined} key
   */
  offer(request, key) {
    if (this.offersLoads && this.mode.isMirrored && key !== undefined) request.joinedAs(key);
  }

  /** @param {boolean} isSkipped whether the mirror answers and takes nothing, as reads of the layer are off */
  skip(isSkipped) {
    this.mode.skip(isSkipped);
    this.map = isSkipped || !this.mode.isMirrored ? NO_KEYS : this.table.map;
  }

  /** From now on the mirror answers and takes nothing. */
  close() {
    this.mode.close();
    this.map = NO_KEYS;
    this.loads.setAside();
  }
}

module.exports = { DONE, NOT_HELD, Mirror };
