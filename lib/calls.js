'use strict';
// The calls of a cache to the addon: their arguments, and the promises of their answers.

const { CODE } = require('./contract/codes.js');
const { CALL, COUNTED, LAYERS } = require('./contract/numbers.js');
const { OPTION } = require('./contract/options.js');
const { closed, failure, hardTimeout } = require('./errors.js');
const { isNoKey, keyText } = require('./keys.js');
const { lazy } = require('./lazy.js');
const { DONE, Mirror } = require('./memory/mirror.js');
const { joinedByCall } = require('./nesting.js');
const { readOptionsOfCall } = require('./options/of-call.js');
const { writeOptions } = require('./options/read.js');
const { argumentOf, bridge, codeOf, settle } = require('./raw.js');
const { hasLayerForTags, hasStoreOfUser } = require('./tag-rules.js');
const { attune } = require('./time.js');

const directives = lazy(() => require('./directives.js'));
/** Of calls that wait, as few of a cache in memory do. */
const requests = lazy(() => require('./request.js').Request);
const limits = lazy(() => require('./load-limit.js'));
const weighing = lazy(() => require('./weigh.js'));

const { raw } = bridge;

/** @typedef {import('./options/read.js').OptionRecord} OptionRecord */

/** Verbs whose key is that of an entry, and not a pattern or the key of a lock. */
const OF_ENTRIES = new Set(['get', 'set', 'getOrSet', 'has', 'delete', 'expire']);

/** @param {Given} options */
const none = (options) => options === undefined || options === null;

/**
 * @typedef {object} Parts
 * @property {OptionRecord} record the options
 * @property {import('./memory/slots.js').SlotTable} table
 * @property {import('./adapter.js').Adapter} adapter
 * @property {number} flags the kinds of its layers
 * @property {boolean} ownsTable whether closing frees the entries of the memory layer
 * @property {number} [redis] the Redis store that is the second layer
 * @property {number} [bus] the number of a builtin event bus
 * @property {string} [name] the option `name`
 * @property {{ maxConcurrent: number, maxQueued: number }} [loads] how many loaders run and wait at a time
 * @property {import('./background.js').Background} [background] takes the work that nobody waits for
 * @property {import('./options/work.js').AuditOptions} [audit] which hits are audited
 * @property {boolean} [isTimed] whether some of its reads are timed
 * @property {boolean} [isListed] whether a user made it, and not a store or a bus
 * @property {(key: unknown) => string} [entryText] the text of a key, if its entry may have that name
 */

class Calls {
  /** @param {Parts} parts */
  constructor(parts) {
    const { record, table, adapter, flags, ownsTable, redis, bus } = parts;
    const { entryText = keyText, name = '', isListed = false, isTimed = false, loads } = parts;
    this.table = table;
    this.name = name;
    this.ownsTable = ownsTable;
    this.adapter = adapter;
    this.closed = false;
    this.entryText = entryText;
    /** Bits of the numbers of the events that the addon tells. */
    this.interest = 0;
    this.emitter = adapter.emitter;
    /** Counts of the mirror, for `stats()`. @type {Float64Array} */
    this.counted = bridge.float64(COUNTED.LENGTH);
    /** An object that its requests keep alive. @type {object | undefined} */
    this.connection = undefined;
    /** Requests under way. */
    this.open = 0;
    /** The end of `close`. @type {Promise<void> | undefined} */
    this.closing = undefined;
    /** Called when the last of them is over, and the calls of custom layers. @type {Set<() => void>} */
    this.waiting = new Set();
    this.background = parts.background;
    /** Bits of the layers that reads pass over. */
    this.skipped = 0;
    /** Audits its hits. @type {import('./audit.js').Audit | undefined} */
    this.audit = undefined;
    /** Keeps loaders to a number. @type {import('./load-limit.js').LoadLimit | undefined} */
    this.limit = loads === undefined ? undefined : new (limits().LoadLimit)(loads);
    /** Whether some layer is a custom object, which gets the options of calls. */
    this.hands = (flags & (LAYERS.CUSTOM_L1 | LAYERS.CUSTOM_L2)) !== 0;
    /** Whether its entries may have tags. Custom stores get those of calls as they are. */
    this.keepsTags = isListed && hasLayerForTags(flags, table.hasMemory) && !hasStoreOfUser(flags);
    /** Whether tags are refused, as no layer would use them. */
    this.refusesTags = isListed && !this.keepsTags && !hasStoreOfUser(flags);
    /** Whether a loaded value is stored; without it all are. @type {((value: any) => unknown) | undefined} */
    this.shouldCache = record.shouldCache;
    /** The lifetime in memory by its options; NaN where they have none. */
    this.givenLifetime =
      [record[OPTION.LEVELS_L1_TTL_MS], record[OPTION.TTL_MS]].find((ms) => !Number.isNaN(ms)) ?? NaN;
    /** Whether the second layer is a Redis of this package. */
    this.hasRedis = (flags & LAYERS.BUILTIN_L2) !== 0;
    /** Whether there is a bus, and whether it is one of this package, which tells when it is up. */
    this.publishes = (flags & (LAYERS.CUSTOM_BUS | LAYERS.BUILTIN_BUS)) !== 0;
    this.hears = (flags & LAYERS.BUILTIN_BUS) !== 0;
    /**
     * The verbs that its owner overrides; a function that finds them, until the first `getOrSet`.
     * @type {import('./overridden.js').Overrides}
     */
    this.overridden = undefined;
    /** The counts of its namespaces, by name. @type {Map<string, import('./tally.js').Tally> | undefined} */
    this.tallies = undefined;
    attune();
    writeOptions(record);
    /** @type {number} */
    this.id = raw.createCache(adapter.id, table.id, flags, redis, bus, this.counted, isListed);
    bridge.released.cache.register(this, this.id);
    const core = /** @type {import('./core.js').Core} */ (/** @type {unknown} */ (this));
    adapter.attach(core);
    const Kind = isTimed ? require('./memory/timed-mirror.js').TimedMirror : Mirror;
    /** @type {Mirror} */
    this.mirror = new Kind(core, record, flags);
  }

  /**
   * Calls a function of the addon for a key.
   * @param {(target: number, key: string) => number} call
   * @param {EntryKey} key
   * @param {Given} options
   * @param {((context?: any) => any)} [loader]
   * @param {string} [verb] that the user called
   * @returns {Promise<any>}
   */
  ask(call, key, options, loader, verb = call.name) {
    try {
      if (OF_ENTRIES.has(verb)) this.entryText(key);
      // Getters of the options may close the cache.
      const record = this.read(options);
      if (this.closed) throw closed(verb);
      return this.askWith(call, key, record, loader);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The options of a call.
   * @param {Given} options
   * @returns {OptionRecord | undefined}
   */
  read(options) {
    return none(options) ? undefined : readOptionsOfCall(this, options);
  }

  /**
   * The same with options that have been read.
   * @param {(target: number, key: string) => number} call
   * @param {EntryKey} key
   * @param {OptionRecord | undefined} record
   * @param {((context?: any) => any)} [loader]
   * @returns {Promise<any>}
   */
  askWith(call, key, record, loader) {
    const text = keyText(key);
    return this.answer(call(this.target(key, record), text), key, loader, record);
  }

  /**
   * Calls a function of the addon for a key that may be `undefined` or `null`: nothing is stored under these.
   * @param {(target: number, key: string) => number} call
   * @param {EntryKey} key
   * @param {Promise<any>} nothing
   * @returns {Promise<any>}
   */
  look(call, key, nothing) {
    return isNoKey(key) && !this.closed ? nothing : this.ask(call, key, undefined);
  }

  /**
   * The id of this cache, with the bits that go with a call. The addon reads the options in that call: nothing else may
   * run before it.
   * @param {EntryKey} key
   * @param {OptionRecord | undefined} record
   */
  target(key, record) {
    this.watch();
    let target = this.id;
    if (typeof key === 'number') target |= CALL.NUMERIC_KEY;
    if (record !== undefined) {
      target |= CALL.HAS_OPTIONS;
      this.mirror.prepare(record);
      const slot = record.handed === undefined ? NaN : this.table.put(undefined, record.handed);
      writeOptions(record, slot);
    }
    return target;
  }

  /**
   * Makes the addon follow the clock of a test, and tell the events that have listeners. Subscribers of a diagnostics
   * channel come and go without notice, so each call checks this.
   */
  watch() {
    attune();
    const { interest } = this.emitter;
    if (interest === this.interest) return;
    this.interest = interest;
    raw.observe(this.id, interest);
  }

  /**
   * The promise of an answer.
   * @param {number} answer
   * @param {EntryKey | undefined} key
   * @param {((context?: any) => any)} [loader]
   * @param {OptionRecord} [record] the options of the call
   * @returns {Promise<any>}
   */
  answer(answer, key, loader, record) {
    const code = codeOf(answer);
    const argument = argumentOf(answer);
    if (code === CODE.LOAD) {
      const request = this.request(argument, key);
      request.record = record;
      settle();
      // A handler may have closed the cache.
      if (!request.over) request.load(/** @type {(context?: any) => any} */ (loader));
      return request.promised();
    }
    if (code === CODE.REFRESH) return this.refresh(argument, key, loader, record);
    const promise = this.promise(code, argument, key, loader, record);
    settle();
    this.table.sweep();
    return promise;
  }

  /**
   * A hit whose value is loaded anew. The loader is called in a later turn.
   * @param {number} id
   * @param {EntryKey | undefined} key
   * @param {((context?: any) => any)} [loader]
   * @param {OptionRecord} [record]
   * @returns {Promise<any>}
   */
  refresh(id, key, loader, record) {
    const request = this.request(id, key);
    request.loader = loader;
    request.record = record;
    const promise = request.promised();
    request.refreshed(raw.takeRefreshed(this.id, id));
    settle();
    this.table.sweep();
    return promise;
  }

  /**
   * @param {number} code
   * @param {number} argument
   * @param {EntryKey | undefined} key
   * @param {((context?: any) => any)} [loader]
   * @param {OptionRecord} [record]
   * @returns {Promise<any>}
   */
  promise(code, argument, key, loader, record) {
    switch (code) {
      case CODE.NOTHING:
      case CODE.ANSWERED:
        return DONE;
      case CODE.WAIT: {
        const request = this.request(argument, key);
        request.loader = loader;
        request.record = record;
        return request.promised();
      }
      case CODE.JOINED: {
        const leader = this.request(argument, key);
        this.mirror.offer(leader, key);
        return joinedByCall(leader);
      }
      default:
        try {
          return Promise.resolve(this.outcome(code, argument, key));
        } catch (error) {
          return Promise.reject(error);
        }
    }
  }

  /**
   * The value of an answer. Throws if the answer is an error.
   * @param {number} code
   * @param {number} argument
   * @param {EntryKey | undefined} key
   * @returns {unknown}
   */
  outcome(code, argument, key) {
    switch (code) {
      case CODE.VALUE:
        this.mirror.link(key, argument);
        return this.table.values[argument];
      case CODE.FLAG:
        return argument === 1;
      case CODE.VALUES:
        return this.valuesOf(argument, /** @type {any} the keys of a `getMany` */ (key));
      case CODE.COUNT:
        return argument;
      case CODE.TEXT:
        return raw.takeMessage(argument);
      case CODE.THROWN:
        throw this.table.values[argument];
      case CODE.MESSAGE:
        throw failure(raw.takeMessage(argument));
      case CODE.HARD_TIMEOUT:
        throw hardTimeout(key, argument);
      default:
        return undefined;
    }
  }

  /**
   * The values of several keys; `undefined` where there is none.
   * @param {number} kept where the addon keeps their slots
   * @param {(string | number)[]} keys
   * @returns {unknown[]}
   */
  valuesOf(kept, keys) {
    const slots = bridge.uint32(keys.length);
    raw.takeValues(kept, slots);
    return keys.map((key, at) => {
      if (slots[at] === 0) return undefined;
      const slot = slots[at] - 1;
      this.mirror.link(key, slot);
      return this.table.values[slot];
    });
  }

  /**
   * @param {number} id
   * @param {EntryKey | undefined} key
   */
  request(id, key) {
    return requests().of(/** @type {import('./core.js').Core} */ (/** @type {unknown} */ (this)), id, key);
  }

  /**
   * @param {unknown} value
   * @returns {number}
   */
  weigh(value) {
    return this.table.weighs ? weighing().weigh(value) : 0;
  }

  /**
   * The directives of the loader of a load.
   * @param {import('./directives.js').Load} load
   */
  directivesOf(load) {
    return new (directives().Directives)(load, load.record);
  }

  /**
   * The loader of a key, as the limit of loads has it run.
   * @param {string | number} key
   * @param {OptionRecord | undefined} record the options of the call
   * @param {(context?: any) => any} loader
   */
  limited(key, record, loader) {
    const { limit } = this;
    return limit === undefined ? loader : limit.around(loader, (hasRoom) => this.mayWait(key, record, hasRoom));
  }

  /**
   * The limit of loads is reached: whether a load is to wait.
   * @param {string | number} key
   * @param {OptionRecord | undefined} record the options of the call
   * @param {boolean} hasRoom whether it may
   */
  mayWait(key, record, hasRoom) {
    const waits = !this.closed && raw.loadLimited(this.target(key, record), keyText(key), hasRoom);
    raw.settle(); // So that its event belongs to this call.
    return waits;
  }

  /** Whether nothing is under way: no request, and no call of a custom layer or bus. */
  get isIdle() {
    return this.open === 0 && this.adapter.calling === 0;
  }

  /** Its loads under way, and its other requests. */
  underWay() {
    const own = bridge.requests.filter((request) => request?.core === /** @type {unknown} */ (this));
    return [.../** @type {import('./request.js').Request[]} */ (own), ...this.mirror.loads.local()];
  }

  /** A request is over. */
  finished() {
    this.open--;
    this.wakeWaiting();
  }

  wakeWaiting() {
    if (this.waiting.size > 0) for (const wake of [...this.waiting]) wake();
  }
}

module.exports = { none, Calls, DONE };
