'use strict';
// The verbs of a cache: what can be done in front of the addon is done here, the rest by a call.

const { none, Calls, DONE, FLAG, TRAIT } = require('./calls.js');
const { argument, closed } = require('./errors.js');
const { FrontLoad } = require('./front-load.js');
const { keyText } = require('./keys.js');
const { entryKey, Loads } = require('./loads.js');
const { readCallOptions } = require('./options/read.js');
const { FIELDS } = require('./options/record.js');
const { bridge, settle, CODE } = require('./raw.js');

const { raw, clock, params } = bridge;

/** Options of a call, by their place in the params: see lib/options/record.js. */
const INFLIGHT_ENABLED = FIELDS.indexOf('inflight.enabled');
const INFLIGHT_TTL = FIELDS.indexOf('inflight.ttlMs');

class Core extends Calls {
  /** @param {ConstructorParameters<typeof Calls>[0]} parts */
  constructor(parts) {
    super(parts);
    const { table, flags, weighs, failSafe } = parts;
    // A cache does not hear of what another does to the same layer.
    table.first?.deref()?.share();
    table.first ??= new WeakRef(this);
    table.caches++;
    this.loads = new Loads();
    /** @type {Map<string, number>} */
    this.map = this.fronted ? table.map : new Map();
    // A rewrite tells neither the stale copies nor the weights: where there are any it takes a call.
    this.rewrites = this.alone && !weighs && !failSafe;
    /** Whether values may wait to be stored, and loads be led in front: not where a key may be absent without a slot that says so. */
    this.postpones = this.rewrites;
    /** @type {number} */
    this.lifetime = raw.trait(this.id, TRAIT.LIFETIME);
    // Not a number as well where the options want more of loads than that.
    if (this.rewrites) this.joinableMs = raw.trait(this.id, TRAIT.JOINABLE);
    if ((flags & FLAG.OUR_BUS) !== 0) table.share();
  }

  /**
   * @param {string | number} key
   * @returns {Promise<any>}
   */
  get(key) {
    const { table } = this;
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && table.words[slot] > clock[0]) {
      // Read before a handler hears of it: that may delete the key, and the slot be another's.
      const value = table.values[slot];
      table.note(slot);
      if (this.emitter.observed) this.adapter.hit(key, value);
      return Promise.resolve(value);
    }
    return this.ask(raw.get, key, undefined);
  }

  /**
   * @param {string | number} key
   * @param {(context?: any) => any} loader
   * @param {any} options
   * @returns {Promise<any>}
   */
  getOrSet(key, loader, options) {
    const { table, loads } = this;
    const { last } = loads;
    const now = clock[0];
    if (none(options) && typeof loader === 'function') {
      // The callers of a stampede come one after the other. What is being loaded is not in the layer.
      // Unless another cache over the same values stores one meanwhile.
      if (last !== undefined && last.frontKey === key && last.isJoinable(now) && table.caches === 1) return this.join(last, key);
      const slot = this.map.get(/** @type {string} */ (key));
      if (slot !== undefined && table.words[slot] > now) {
        // Read before a handler hears of it: that may delete the key, and the slot be another's.
        const value = table.values[slot];
        table.note(slot);
        if (this.emitter.observed) this.adapter.hit(key, value);
        return Promise.resolve(value);
      }
      if (!this.closed) return this.load(key, loader, now, slot);
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

  /** Whether loads are led in front: where nothing else is under way that this side does not know of, and nobody listens. */
  leads() {
    const { table } = this;
    return this.postpones && table.open === 0 && table.caches === 1 && !table.isShared && !this.emitter.observed;
  }

  /**
   * `getOrSet` by a call, perhaps while loads run in front, of which the addon knows nothing.
   * @param {string | number} key
   * @param {any} options
   * @param {(context?: any) => any} loader
   */
  askBeside(key, options, loader) {
    const load = this.loads.findLed(key);
    if (load !== undefined && !this.closed) {
      try {
        const asked = !none(options) && readCallOptions(options);
        if (asked && params[INFLIGHT_ENABLED] === 0) {
          load.competes = true;
        } else {
          const until = asked && params[INFLIGHT_TTL] >= 0 ? load.started + params[INFLIGHT_TTL] : load.until;
          if (raw.now() < until) return this.join(load, key);
          load.replace();
        }
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return this.ask(raw.getOrSet, key, options, loader);
  }

  /**
   * Takes what a load led in front came to. Gives whether nothing is left to be done.
   * @param {string} key
   * @param {any} value
   */
  keeps(key, value) {
    if (value === undefined) return !this.remembersAbsence;
    return this.rewrites && this.table.store(key, value, clock[0] + this.lifetime, this.map.get(key));
  }

  /**
   * A loader found nothing. Where that is remembered the front answers it from a slot without a value.
   * @param {any} key
   */
  absent(key) {
    const { table } = this;
    if (!this.remembersAbsence) return;
    if (!this.fronted || table.caches !== 1) {
      this.postpones = false;
      return;
    }
    const slot = table.put(undefined, undefined);
    if (raw.markAbsent(this.id, entryKey(key), slot) !== 1) return;
    this.link(key, slot);
    // What is known comes before what another load of the key may find.
    const load = this.loads.findLed(key);
    if (load !== undefined) load.until = 0;
  }

  /** Another cache comes to stand on the same layer. What is said of this one alone is not said in front any more. */
  share() {
    this.loads.recall();
    for (const [key, slot] of this.map) {
      if (this.table.values[slot] !== undefined) continue;
      this.postpones = false;
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
    if (this.emitter.observed) this.adapter.join(key);
    return load.promise;
  }

  /**
   * @param {string | number} key
   * @param {any} value
   * @param {any} options
   * @returns {Promise<void>}
   */
  set(key, value, options) {
    this.loads.overtake(key);
    // Nothing is not a value: the key is absent afterwards.
    if (value === undefined) return this.ask(raw.unset, key, options, undefined, 'set');
    const { table } = this;
    if (this.rewrites && !table.isShared && none(options)) {
      const now = clock[0];
      const slot = this.map.get(/** @type {string} */ (key));
      const live = slot !== undefined && table.words[slot] > now;
      if (live && table.values[slot] !== undefined) {
        table.rewrite(slot, value, now + this.lifetime);
        if (this.emitter.observed) this.adapter.set(key);
        return DONE;
      }
      if (this.postpones && !(live && table.values[slot] === undefined) && table.open === 0 && now !== Infinity && typeof key === 'string' && !this.emitter.observed) {
        if (table.store(key, value, now + this.lifetime, slot)) return DONE;
      }
    }
    try {
      const text = keyText(key);
      if (this.closed) throw closed('set');
      const target = this.target(key, options);
      const slot = table.put(undefined, value);
      const answer = raw.set(target, text, slot, this.weigh(value));
      if (this.fronted) table.link(text, slot);
      if (answer === CODE.NOTHING) {
        settle();
        table.sweep();
        return DONE;
      }
      return this.answer(answer, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * @param {string | number} key
   * @returns {Promise<boolean>}
   */
  has(key) {
    const { table } = this;
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && table.words[slot] > clock[0]) return Promise.resolve(table.values[slot] !== undefined);
    return this.ask(raw.has, key, undefined);
  }

  /**
   * @param {string | number} key
   * @returns {Promise<void>}
   */
  delete(key) {
    this.loads.overtake(key);
    return this.ask(raw.delete, key, undefined);
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

  /**
   * Waits for the requests under way, at most so long, then abandons those that are left.
   * @param {number} timeoutMs
   */
  close(timeoutMs) {
    return require('./close.js').closeCore(this, timeoutMs);
  }
}

module.exports = { Core };
