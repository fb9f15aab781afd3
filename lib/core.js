'use strict';
// The verbs of a cache: what can be done in front of the addon is done here, the rest by a call.

const { none, Calls, DONE } = require('./calls.js');
const { CODE, COUNTED, DERIVED, LAYERS } = require('./contract/codes.js');
const { OPTION } = require('./contract/options.js');
const { argument, closed } = require('./errors.js');
const { FrontLoad } = require('./front-load.js');
const { keyText } = require('./keys.js');
const { entryKey, Loads } = require('./loads.js');
const { bridge, settle } = require('./raw.js');
const { isReal, time } = require('./time.js');

const { raw, clock } = bridge;

/** What `has` gives where there is no key. */
const ABSENT = Promise.resolve(false);

class Core extends Calls {
  /** @param {ConstructorParameters<typeof Calls>[0]} parts */
  constructor(parts) {
    super(parts);
    const { record, table, flags } = parts;
    this.loads = new Loads(this.counted);
    /** Whether other caches stand on the memory layer: then what the front does for each is counted here. */
    this.shares = false;
    const failSafe = record[OPTION.FAIL_SAFE_ENABLED] === 1;
    this.comeTo(table, failSafe);
    /** @type {Map<string, number>} */
    this.map = this.fronted ? table.map : new Map();
    // A rewrite tells neither the stale copies nor the weights: where there are any it takes a call.
    this.rewrites = this.alone && !table.weighs && !failSafe;
    /**
     * Whether values may wait to be stored, and loads be led in front: not where a key may be absent without a slot
     * that says so.
     */
    this.postpones = this.rewrites;
    /** @type {number} */
    this.lifetime = raw.derived(this.id, DERIVED.LIFETIME);
    // Not a number as well where the options want more of loads than that.
    if (this.rewrites) this.joinableMs = raw.derived(this.id, DERIVED.JOINABLE);
    if ((flags & LAYERS.BUILTIN_BUS) !== 0) table.share();
  }

  /**
   * @param {string | number} key
   * @returns {Promise<any>}
   */
  get(key) {
    const { table } = this;
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && ((table.words[slot] > clock[0] && isReal()) || table.outlives(slot))) {
      return this.hit(key, slot);
    }
    return this.look(raw.get, key, DONE);
  }

  /**
   * Answers a key from a slot.
   * @param {string | number} key
   * @param {number} slot
   * @returns {Promise<any>}
   */
  hit(key, slot) {
    const { table } = this;
    // Read before a handler hears of it: that may delete the key, and the slot be another's.
    const value = table.values[slot];
    if (value === undefined) {
      this.counted[COUNTED.ABSENCES]++;
      table.pass();
    } else {
      table.note(slot);
      if (this.shares) this.counted[COUNTED.HITS]++;
    }
    if (this.emitter.observed) this.adapter.hit(key, value);
    return Promise.resolve(value);
  }

  /**
   * @param {string | number} key
   * @param {(context?: any) => any} loader
   * @param {Given} options
   * @returns {Promise<any>}
   */
  getOrSet(key, loader, options) {
    const { table, loads } = this;
    const { last } = loads;
    const now = clock[0];
    if (none(options) && typeof loader === 'function') {
      // The callers of a stampede come one after the other. What is being loaded is not in the layer.
      // Unless another cache over the same values stores one meanwhile.
      if (last !== undefined && last.frontKey === key && last.isJoinable(now) && table.caches === 1 && isReal()) {
        return this.join(last, key);
      }
      const slot = this.map.get(/** @type {string} */ (key));
      if (slot !== undefined && ((table.words[slot] > now && isReal()) || table.outlives(slot))) {
        return this.hit(key, slot);
      }
      if (!this.closed) return this.load(key, loader, time(), slot);
    }
    if (typeof loader !== 'function') return Promise.reject(argument('loader', 'a function', loader));
    return this.askBeside(key, options, loader);
  }

  /**
   * Joins the load of a key that is not in the layer, or leads one.
   * @param {string | number} key
   * @param {(context?: any) => any} loader
   * @param {number} now
   * @param {number | undefined} slot
   */
  load(key, loader, now, slot) {
    const { loads } = this;
    const load = loads.find(key);
    if (load !== undefined && load.isJoinable(now)) {
      loads.bring(load);
      return this.join(load, key);
    }
    if (slot !== undefined && this.table.isGuarded(slot)) {
      // Perhaps it has made room by now.
      this.table.tell();
      if (this.map.has(/** @type {string} */ (key))) return this.askBeside(key, undefined, loader);
    }
    if (now + this.joinableMs < Infinity && typeof key === 'string' && this.leads()) {
      if (load instanceof FrontLoad) load.replace();
      const led = new FrontLoad(this, key, loader, now);
      led.start();
      return led.promise;
    }
    return this.askBeside(key, undefined, loader);
  }

  /**
   * Whether loads are led in front: where nothing else is under way that this side does not know of.
   */
  leads() {
    const { table } = this;
    return this.postpones && table.busy === 0 && table.caches === 1;
  }

  /**
   * `getOrSet` by a call, perhaps while loads run in front, of which the addon knows nothing.
   * @param {string | number} key
   * @param {Given} options
   * @param {(context?: any) => any} loader
   */
  askBeside(key, options, loader) {
    try {
      return this.askRead(key, this.read(options), loader);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The same with options that have been read.
   * @param {string | number} key
   * @param {import('./options/read.js').OptionRecord | undefined} record
   * @param {(context?: any) => any} loader
   * @returns {Promise<any>}
   */
  askRead(key, record, loader) {
    if (typeof key === 'bigint') return this.askRead(String(key), record, loader);
    try {
      this.entryText(key);
      if (this.closed) throw closed('getOrSet');
      // Found when the options have been read: their getters may have invalidated it.
      const load = this.loads.findLed(key);
      if (load !== undefined) {
        if (record?.[OPTION.INFLIGHT_ENABLED] === 0) {
          load.competes = true;
        } else {
          const ttl = record?.[OPTION.INFLIGHT_TTL_MS] ?? NaN;
          if (time() < (ttl >= 0 ? load.started + ttl : load.until)) return this.join(load, key);
          load.replace();
        }
      }
      // The addon knows of its own loads alone.
      if (record !== undefined) {
        const most = record[OPTION.INFLIGHT_MAX_ENTRIES];
        record[OPTION.INFLIGHT_MAX_ENTRIES] = Math.max(0, most - this.loads.joinable);
      }
      return this.askWith(raw.getOrSet, key, record, loader);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends a value that somebody else has loaded and stored to the peers.
   * @param {string | number} key
   * @param {unknown} value
   * @param {import('./options/read.js').OptionRecord | undefined} record
   */
  tellLoaded(key, value, record) {
    if (this.closed || !this.publishes) return;
    const slot = this.table.put(undefined, value);
    this.answer(raw.tellLoaded(this.target(key, record), keyText(key), slot), undefined).catch(() => {});
  }

  /**
   * Takes what a load led in front came to. Gives whether nothing is left to be done.
   * @param {string} key
   * @param {unknown} value
   * @param {number} now
   */
  keeps(key, value, now) {
    if (value === undefined) return !this.remembersAbsence;
    return this.rewrites && !this.table.isShared && this.store(key, value, now, this.map.get(key));
  }

  /**
   * Has the front store a value, which the journal counts where this is the only cache. Returns whether it did.
   * @param {string} key
   * @param {any} value
   * @param {number} now
   * @param {number | undefined} slot the slot that the front has for the key
   */
  store(key, value, now, slot) {
    const isStored = this.table.store(key, value, now + this.lifetime, slot);
    if (isStored && this.shares) this.counted[COUNTED.SETS]++;
    return isStored;
  }

  /**
   * A loader found nothing. Where that is remembered the front answers it from a slot without a value.
   * @param {string | number} key
   */
  absent(key) {
    const { table } = this;
    if (!this.remembersAbsence) return;
    if (!this.fronted || table.caches !== 1) {
      this.postpones = false;
      return;
    }
    const slot = table.put(undefined, undefined);
    if (!raw.markAbsent(this.id, entryKey(key), slot)) return;
    this.link(key, slot);
    // What is known comes before what another load of the key may find.
    const load = this.loads.findLed(key);
    if (load !== undefined) load.until = 0;
  }

  /**
   * Joins the caches that stand on a layer. None of them hears in front of what another does there.
   * @param {import('./slots.js').SlotTable} table
   * @param {boolean} failSafe whether it keeps stale copies
   */
  comeTo(table, failSafe) {
    const first = table.first?.deref();
    first?.share();
    table.first ??= new WeakRef(this);
    table.caches++;
    this.shares = table.caches > 1;
    if (this.shares) raw.shareMirror(this.id, false);
    // What a cache keeps beside the layer, the engine forgets when another writes: so it has to hear of that.
    const keeps = failSafe || this.remembersAbsence || first?.remembersAbsence === true;
    if (keeps && (failSafe || table.caches > 1)) table.share();
  }

  /** Another cache comes to stand on the same layer. What is said of this one alone is not said in front any more. */
  share() {
    this.loads.recall();
    this.shares = true;
    raw.shareMirror(this.id, true);
    for (const [key, slot] of this.map) {
      if (this.table.values[slot] !== undefined) continue;
      this.table.keys[slot] = undefined;
      this.map.delete(key);
    }
  }

  /**
   * Joins a load that may be joined.
   * @param {import('./loads.js').Load} load
   * @param {string | number} key
   */
  join(load, key) {
    this.counted[COUNTED.JOINS]++;
    if (this.emitter.observed) this.adapter.join(key);
    return load.promise;
  }

  /**
   * @param {string | number} key
   * @param {unknown} value
   * @param {Given} options
   * @returns {Promise<void>}
   */
  set(key, value, options) {
    const { table } = this;
    // While requests are under way a write takes a call: the addon has others join their loads, which are older.
    if (this.rewrites && table.busy === 0 && value !== undefined && none(options)) {
      this.loads.overtake(key);
      const now = time();
      const slot = this.map.get(/** @type {string} */ (key));
      const live = slot !== undefined && table.words[slot] > now;
      if (live && table.values[slot] !== undefined) {
        table.rewrite(slot, value, now + this.lifetime);
        if (this.shares) this.counted[COUNTED.SETS]++;
        if (this.emitter.observed) this.adapter.set(key);
        return DONE;
      }
      if (this.postpones && !live && typeof key === 'string' && this.store(key, value, now, slot)) {
        if (this.emitter.observed) this.adapter.set(key);
        return DONE;
      }
    }
    try {
      return this.write(key, value, this.read(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * `set` by a call.
   * @param {string | number} key
   * @param {unknown} value
   * @param {import('./options/read.js').OptionRecord | undefined} record
   * @returns {Promise<void>}
   */
  write(key, value, record) {
    const text = this.entryText(key);
    const weight = this.weigh(value);
    // From here on nothing of a user's runs before the addon has the value.
    if (this.closed) throw closed('set');
    this.loads.overtake(key);
    // Nothing is not a value: the key is absent afterwards.
    if (value === undefined) return this.askWith(raw.unset, key, undefined);
    const { table } = this;
    const slot = table.put(undefined, value);
    const answer = raw.set(this.target(key, record), text, slot, weight);
    if (this.fronted) table.link(text, slot);
    if (answer !== CODE.NOTHING) return this.answer(answer, key);
    settle();
    table.sweep();
    return DONE;
  }

  /**
   * @param {string | number} key
   * @returns {Promise<boolean>}
   */
  has(key) {
    const { table } = this;
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && ((table.words[slot] > clock[0] && isReal()) || table.outlives(slot))) {
      table.pass();
      return Promise.resolve(table.values[slot] !== undefined);
    }
    return this.look(raw.has, key, ABSENT);
  }

  /**
   * @param {string | number} key
   * @returns {Promise<void>}
   */
  delete(key) {
    this.loads.overtake(key);
    return this.look(raw.delete, key, DONE);
  }

  /**
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  deleteByPattern(pattern) {
    if (typeof pattern !== 'string') return Promise.reject(argument('pattern', 'a string', pattern));
    this.loads.overtakeMatching(pattern);
    return this.ask(raw.deleteByPattern, pattern, undefined);
  }

  /** @returns {Promise<number>} */
  size() {
    try {
      if (this.closed) throw closed('size');
      this.watch();
      return this.answer(raw.size(this.id), undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What is counted of it. */
  stats() {
    return require('./stats.js').statsOfCore(this);
  }

  /**
   * Waits for the requests under way, at most so long, then abandons those that are left.
   * @param {number} timeoutMs
   */
  close(timeoutMs) {
    return require('./close.js').closeCore(this, timeoutMs);
  }
}

module.exports = { Core };
