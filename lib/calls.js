'use strict';
// A cache of the addon, and the calls to it: what crosses, and what comes back.

const { closed, failure, hardTimeout } = require('./errors.js');
const { keyText } = require('./keys.js');
const { lazy } = require('./lazy.js');
const { readCallOptions } = require('./options/read.js');
const { FIELDS } = require('./options/record.js');
const { bridge, settle, split, CODE, HAS_OPTIONS, NUMERIC_KEY } = require('./raw.js');
const { Request } = require('./request.js');

const weighing = lazy(() => require('./weigh.js'));

const { raw, params } = bridge;

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

/** What is asked of a cache's options, see src/binding/setup.rs. */
const TRAIT = Object.freeze({ LIFETIME: 0, JOINABLE: 1, REMEMBERS_ABSENCE: 2 });

/** Options of a call, by their place in the params: see lib/options/record.js. */
const FAIL_SAFE_ENABLED = FIELDS.indexOf('failSafe.enabled');
const NEGATIVE_TTL = FIELDS.indexOf('negativeCache.ttlMs');

/** What `set` and `delete` give when there is nothing to wait for. */
const DONE = Promise.resolve(undefined);

/** @param {any} options */
const none = (options) => options === undefined || options === null;

class Calls {
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
  constructor({ table, adapter, flags, source, versioning, weighs, ownsTable, redis = 0, bus = 0 }) {
    this.table = table;
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
    /** How long a load that is led in front may be joined; NaN where none is led there. */
    this.joinableMs = NaN;
    /** @type {number} */
    this.id = raw.createCache(adapter.id, table.id, flags, source, redis, bus);
    adapter.attach(/** @type {any} */ (this));
    /** Whether some call of it remembers that a loader found nothing. */
    this.remembersAbsence = raw.trait(this.id, TRAIT.REMEMBERS_ABSENCE) === 1;
    bridge.released.cache.register(this, this.id);
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
    if (!none(options) && readCallOptions(options)) {
      target |= HAS_OPTIONS;
      // The front answers an entry of a call with fail-safe for a part of its life, and cannot tell it from one that expired.
      if (params[FAIL_SAFE_ENABLED] === 1) this.joinableMs = NaN;
      if (params[NEGATIVE_TTL] > 0) this.remembersAbsence = true;
    }
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
    const argument = split(answer);
    if (code === CODE.LOAD) {
      const request = this.request(argument, key);
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
        const leader = this.request(argument, key);
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
        const request = this.request(argument, key);
        request.loader = loader;
        return request.promise;
      }
    }
  }

  /**
   * @param {number} id
   * @param {string | number | undefined} key
   */
  request(id, key) {
    return Request.of(/** @type {any} */ (this), id, key);
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
    if (this.open === 0) this.drained?.();
  }
}

module.exports = { none, Calls, DONE, FLAG, TRAIT };
