'use strict';
// A store in Redis over a connection of the addon, or over a client that the addon drives.

const { Adapter } = require('../adapter.js');
const { LAYERS } = require('../contract/numbers.js');
const { OPTION } = require('../contract/options.js');
const { Core } = require('../core.js');
const { SilentEmitter } = require('../emitter.js');
const { Logger } = require('../logger.js');
const { readLayerOptions } = require('../options/read.js');
const { knownOfStores } = require('./options.js');
const { bridge } = require('../raw.js');
const { SlotTable } = require('../memory/slots.js');
const { connectionOf } = require('./connection.js');
const { inspectNative, lookNative } = require('./inspect.js');
const { entryTextOf } = require('./reserved.js');

const { raw } = bridge;

class NativeStoreBackend {
  /**
   * @param {unknown} redis as the user gave it
   * @param {import('./address.js').RedisTarget} target
   * @param {ReturnType<import('./options.js').readStoreOptions>} settings
   * @param {Given} options as the user gave them
   */
  constructor(redis, target, { limits, ...settings }, options) {
    const { connection, described, keyPrefix } = connectionOf(redis, target, settings);
    const description = {
      ...described,
      options: { keyPrefix, ...settings },
      limits: { depth: limits.maxDepth, inflatedBytes: limits.maxBytes },
    };
    const record = readLayerOptions(options);
    const logger = new Logger();
    knownOfStores.tell(logger, options);
    this.prefix = settings.prefix;
    /** What caches take of the options as they are now: the user may change the object later. */
    this.entries = entriesIn(record);
    /** @type {number} */
    this.id = raw.createRedisStore(JSON.stringify(description), connection.number);
    this.entryText = entryTextOf(settings);
    /** Whether the user has closed it: then it stays closed. */
    this.closed = false;
    this.core = new Core({
      record,
      table: new SlotTable(),
      adapter: new Adapter({ emitter: new SilentEmitter(logger, []) }),
      flags: LAYERS.NO_L1 | LAYERS.BUILTIN_L2,
      ownsTable: true,
      redis: this.id,
      entryText: this.entryText,
    });
    bridge.released.redisStore.register(this, this.id);
    /** Answers the addon for as long as the store is used, or a request of it is under way. */
    this.core.connection = connection;
    connection.add(this);
  }

  /** The layer of a cache over this store. */
  layer() {
    return { flags: LAYERS.BUILTIN_L2, redis: this.id, l2: this, entryText: this.entryText };
  }

  /**
   * Calls a verb of the store: unlike those of a cache it fails when Redis does.
   * @param {(target: number, key: string, ...more: any[]) => number} verb
   * @param {string} name of the verb
   * @param {EntryKey} key
   * @param {Given} [options]
   * @param {() => any[]} [more] arguments, made when the others are known to be good
   * @returns {Promise<any>}
   */
  ask(verb, name, key, options, more = () => []) {
    return this.core.ask((target, text) => verb(target, text, ...more()), key, options, undefined, name);
  }

  get(/** @type {EntryKey} */ key) {
    return this.ask(raw.storeGet, 'get', key);
  }

  set(/** @type {EntryKey} */ key, /** @type {unknown} */ value, /** @type {Given} */ options) {
    return this.ask(raw.storeSet, 'set', key, options, () => [this.core.table.put(undefined, value)]);
  }

  getOrSet(/** @type {EntryKey} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    return this.core.getOrSet(key, loader, options);
  }

  has(/** @type {EntryKey} */ key) {
    return this.ask(raw.storeHas, 'has', key);
  }

  delete(/** @type {EntryKey} */ key) {
    return this.ask(raw.storeDelete, 'delete', key);
  }

  deleteByPattern(/** @type {string} */ pattern) {
    return this.ask(raw.storeDeleteByPattern, 'deleteByPattern', pattern);
  }

  size() {
    return this.ask(raw.storeSize, 'size', '');
  }

  acquireLock(/** @type {EntryKey} */ key, /** @type {string} */ token, /** @type {number} */ ttlMs) {
    return this.ask(raw.storeAcquireLock, 'acquireLock', key, undefined, () => [token, ttlMs]);
  }

  releaseLock(/** @type {EntryKey} */ key, /** @type {string} */ token) {
    return this.ask(raw.storeReleaseLock, 'releaseLock', key, undefined, () => [token]);
  }

  inspect(/** @type {Given} */ options) {
    return inspectNative(this.core, options);
  }

  look(/** @type {string} */ key, /** @type {Given} */ options) {
    return lookNative(this.core, key, options);
  }

  async close() {
    this.closed = true;
    raw.closeRedisStore(this.id);
  }
}

/**
 * The lifetime and the number of entries, where a store has them of its own; else NaN.
 * @param {import('../options/read.js').OptionRecord} record
 */
function entriesIn(record) {
  const ofLevel = record[OPTION.LEVELS_L2_TTL_MS];
  return {
    ttlMs: Number.isNaN(ofLevel) ? record[OPTION.TTL_MS] : ofLevel,
    maxEntries: record[OPTION.LEVELS_L2_MAX_ENTRIES],
  };
}

module.exports = { NativeStoreBackend };
