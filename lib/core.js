'use strict';
// The requests of one cache of the addon: what a hit needs is answered here, the rest by a call.

const { argument, closed, failure, hardTimeout } = require('./errors.js');
const { keyText } = require('./keys.js');
const { readCallOptions } = require('./options/read.js');
const { lazy } = require('./lazy.js');
const { bridge, settle, CODE, HAS_OPTIONS, NUMERIC_KEY } = require('./raw.js');
const { Request } = require('./request.js');

const weighing = lazy(() => require('./weigh.js'));

const { raw, clock, joinable } = bridge;

/** What the layers of a cache are, see src/binding/setup.rs. */
const FLAG = Object.freeze({
  OWN_L1: 1,
  NO_L1: 2,
  OWN_L2: 4,
  L2_LOCKS: 8,
  BUS: 16,
  L2_FENCED: 32,
  L2_SHARED: 64,
  REDIS_L2: 128,
  OUR_BUS: 256,
});

/** What `set` and `delete` give when there is nothing to wait for. */
const DONE = Promise.resolve(undefined);

/** Caches of the addon are released when nothing uses their core any more. */
const released = new FinalizationRegistry((/** @type {{ id: number, adapter: number }} */ held) => {
  raw.releaseCache(held.id);
  bridge.adapters.delete(held.adapter);
});

/** @param {any} options */
const none = (options) => options === undefined || options === null;

class Core {
  /**
   * The options are read from the params.
   * @param {object} parts
   * @param {import('./slots.js').SlotTable} parts.table
   * @param {import('./adapter.js').Adapter} parts.adapter
   * @param {number} parts.flags which layers are users' own objects
   * @param {string} parts.source
   * @param {boolean} parts.versioning
   * @param {boolean} parts.weighs whether the memory layer is bounded in bytes
   * @param {boolean} parts.failSafe whether stale copies are kept
   * @param {boolean} parts.ownsTable whether closing frees what the memory layer holds
   * @param {number} [parts.redis] the Redis store that is the second layer
   * @param {number} [parts.bus] the event bus of ours
   */
  constructor({ table, adapter, flags, source, versioning, weighs, failSafe, ownsTable, redis = 0, bus = 0 }) {
    this.table = table;
    table.caches++;
    this.ownsTable = ownsTable;
    this.adapter = adapter;
    this.weighs = weighs;
    this.closed = false;
    /** Whether the addon tells events. */
    this.observed = false;
    this.emitter = adapter.emitter;
    /** Requests under way. */
    this.open = 0;
    /** Called when the last of them is over. @type {(() => void) | undefined} */
    this.drained = undefined;
    // Stored keys of a versioned cache are not the callers' keys: its hits are answered by calls.
    this.fronted = table.hasMemory && !versioning && (flags & (FLAG.OWN_L1 | FLAG.NO_L1)) === 0;
    // With no other layer and no bus there is nothing that a hit, a join or an overwrite has to reach.
    this.alone = this.fronted && flags === 0;
    /** Loads that others have joined, by key. @type {Map<string | number, Request>} */
    this.joined = new Map();
    /** The last of them. @type {Request | undefined} */
    this.lastJoined = undefined;
    /** @type {Map<string, number>} */
    this.map = this.fronted ? table.map : new Map();
    /** @type {number} */
    this.id = raw.createCache(adapter.id, table.id, flags, source, redis, bus);
    // A rewrite tells neither the stale copies nor the weights: where there are any it takes a call.
    this.rewrites = this.alone && !weighs && !failSafe;
    // Nor does a value that waits to be stored tell that its key is absent no more: until a loader finds nothing.
    this.postpones = this.rewrites;
    /** @type {number} */
    this.lifetime = raw.lifetime(this.id);
    if ((flags & FLAG.OUR_BUS) !== 0) table.share();
    adapter.attach(this);
    released.register(this, { id: this.id, adapter: adapter.id }, this);
  }

  /**
   * @param {string | number} key
   * @returns {Promise<any>}
   */
  get(key) {
    const { table } = this;
    if (table.crowded) table.tell();
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && table.words[slot] > clock[0]) {
      // Read before a handler hears of it: that may delete the key, and the slot be another's.
      const value = table.values[slot];
      table.note(slot);
      if (this.emitter.observed) this.adapter.hit(key);
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
    const { table, lastJoined } = this;
    // The callers of a stampede come one after the other. What is being loaded is not in the layer.
    // Unless another cache over the same values stores one meanwhile.
    if (lastJoined !== undefined && lastJoined.frontKey === key && joinable[lastJoined.id] > clock[0]) {
      if (table.caches === 1 && none(options) && typeof loader === 'function') return this.join(lastJoined, key);
    }
    if (table.crowded) table.tell();
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && table.words[slot] > clock[0] && none(options) && typeof loader === 'function') {
      // Read before a handler hears of it: that may delete the key, and the slot be another's.
      const value = table.values[slot];
      table.note(slot);
      if (this.emitter.observed) this.adapter.hit(key);
      return Promise.resolve(value);
    }
    if (typeof loader !== 'function') return Promise.reject(argument('loader', 'a function', loader));
    if (this.joined.size !== 0 && none(options) && !this.closed) {
      const request = this.joined.get(key);
      if (request !== undefined && joinable[request.id] > clock[0]) {
        this.lastJoined = request;
        return this.join(request, key);
      }
    }
    return this.ask(raw.getOrSet, key, options, loader);
  }

  /**
   * Joins a load that the addon says may be joined.
   * @param {Request} request
   * @param {string | number} key
   */
  join(request, key) {
    if (this.emitter.observed) this.adapter.join(key);
    return request.promise;
  }

  /**
   * @param {string | number} key
   * @param {any} value
   * @param {any} options
   * @returns {Promise<void>}
   */
  set(key, value, options) {
    // Nothing is not a value: the key is absent afterwards.
    if (value === undefined) return this.ask(raw.unset, key, options, undefined, 'set');
    const { table } = this;
    if (this.rewrites && !table.isShared && none(options)) {
      const now = clock[0];
      // In front of a layer that has to make room nobody knows what is there.
      const slot = this.map.get(/** @type {string} */ (key));
      if (slot !== undefined && table.words[slot] > now && !table.crowded) {
        table.rewrite(slot, value, now + this.lifetime);
        if (this.emitter.observed) this.adapter.set(key);
        return DONE;
      }
      if (this.postpones && table.open === 0 && now !== Infinity && typeof key === 'string' && !this.emitter.observed) {
        if (table.store(key, value, now + this.lifetime, slot)) return DONE;
      }
    }
    try {
      const text = keyText(key);
      if (this.closed) throw closed('set');
      const target = this.target(key, options);
      const slot = this.put(key, value);
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
    if (table.crowded) table.tell();
    const slot = this.map.get(/** @type {string} */ (key));
    if (slot !== undefined && table.words[slot] > clock[0]) return Promise.resolve(true);
    return this.ask(raw.has, key, undefined);
  }

  /**
   * @param {string | number} key
   * @returns {Promise<void>}
   */
  delete(key) {
    return this.ask(raw.delete, key, undefined);
  }

  /**
   * @param {string} pattern
   * @returns {Promise<void>}
   */
  deleteByPattern(pattern) {
    if (typeof pattern !== 'string') return Promise.reject(argument('pattern', 'a string', pattern));
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
   * Calls a function of the addon for a key.
   * @param {(target: number, key: string) => number} call
   * @param {string | number} key
   * @param {any} options
   * @param {((context?: any) => any)} [loader]
   * @param {string} [verb] what the user called
   * @returns {Promise<any>}
   */
  ask(call, key, options, loader, verb = call.name) {
    try {
      const text = keyText(key);
      if (this.closed) throw closed(verb);
      return this.answer(call(this.target(key, options), text), key, loader);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The id of this cache, with the bits that go with a call.
   * @param {string | number} key
   * @param {any} options
   */
  target(key, options) {
    this.watch();
    let target = this.id;
    if (typeof key === 'number') target |= NUMERIC_KEY;
    if (!none(options) && readCallOptions(options)) target |= HAS_OPTIONS;
    return target;
  }

  /** Has the addon tell events if somebody listens: also a diagnostics channel that nobody told us of. */
  watch() {
    const { observed } = this.emitter;
    if (observed === this.observed) return;
    this.observed = observed;
    raw.observe(this.id, observed ? 1 : 0);
  }

  /**
   * The promise of an answer.
   * @param {number} answer
   * @param {string | number | undefined} key
   * @param {((context?: any) => any)} [loader]
   * @returns {Promise<any>}
   */
  answer(answer, key, loader) {
    const code = answer & 15;
    const argument = answer < 0x8000_0000 ? answer >> 4 : Math.floor(answer / 16);
    if (code === CODE.LOAD) {
      const request = Request.of(this, argument, key);
      request.loader = loader;
      settle();
      request.load();
      return request.promise;
    }
    const promise = this.promise(code, argument, key, loader);
    settle();
    this.table.sweep();
    return promise;
  }

  /**
   * @param {number} code
   * @param {number} argument
   * @param {string | number | undefined} key
   * @param {((context?: any) => any)} [loader]
   * @returns {Promise<any>}
   */
  promise(code, argument, key, loader) {
    const { table } = this;
    switch (code) {
      case CODE.NOTHING:
      case CODE.ANSWERED:
        return DONE;
      case CODE.VALUE:
        this.link(key, argument);
        return Promise.resolve(table.values[argument]);
      case CODE.FLAG:
        return Promise.resolve(argument === 1);
      case CODE.COUNT:
        return Promise.resolve(argument);
      case CODE.TEXT:
        return Promise.resolve(raw.takeMessage(argument));
      case CODE.JOINED: {
        const leader = Request.of(this, argument, key);
        if (this.alone && key !== undefined) leader.joinedAs(key);
        return leader.promise;
      }
      case CODE.THROWN:
        return Promise.reject(table.values[argument]);
      case CODE.MESSAGE:
        return Promise.reject(failure(raw.takeMessage(argument)));
      case CODE.HARD_TIMEOUT:
        return Promise.reject(hardTimeout(key, argument));
      default: {
        const request = Request.of(this, argument, key);
        request.loader = loader;
        return request.promise;
      }
    }
  }

  /**
   * Puts a value that may be stored under `key` into a slot.
   * @param {string | number | undefined} key
   * @param {any} value
   */
  put(key, value) {
    return this.table.put(this.fronted && key !== undefined ? String(key) : undefined, value);
  }

  /**
   * Lets the front answer a key from a slot that the addon gave.
   * @param {string | number | undefined} key
   * @param {number} slot
   */
  link(key, slot) {
    if (this.fronted && key !== undefined) this.table.link(String(key), slot);
  }

  /**
   * @param {any} value
   * @returns {number}
   */
  weigh(value) {
    return this.weighs ? weighing().weigh(value) : 0;
  }

  /** Events of other instances may have been missed. */
  heal() {
    this.answer(raw.heal(this.id), undefined).catch(() => {});
  }

  /** A request is over. */
  finished() {
    this.open--;
    this.table.open--;
    if (this.open === 0) this.drained?.();
  }

  /**
   * Waits for the requests under way, at most so long, then abandons those that are left.
   * @param {number} timeoutMs
   */
  close(timeoutMs) {
    return require('./close.js').closeCore(this, timeoutMs);
  }
}

module.exports = { Core, DONE, FLAG };
