'use strict';
// A store in Redis through an object that stands in for a client.

const { Adapter } = require('../adapter.js');
const { DERIVED, LAYERS } = require('../contract/codes.js');
const { Core } = require('../core.js');
const { DEFAULT_CACHE_TTL_MS } = require('../contract/values.js');
const { SilentEmitter } = require('../emitter.js');
const { keyText } = require('../keys.js');
const { Logger } = require('../logger.js');
const { readCallOptions, readLayerOptions } = require('../options/read.js');
const { serialize } = require('../serializer/serializer.js');
const { SlotTable } = require('../memory/slots.js');
const { isAnswer, Unreadable } = require('./found.js');
const { inspectStandIn, lookStandIn } = require('./inspect.js');
const { entryTextOf } = require('./reserved.js');
const { StandIn } = require('./stand-in.js');
const { bridge } = require('../raw.js');

const { raw } = bridge;

/** The second layer of one cache, which the engine calls by way of the adapter. */
class StandInLayer {
  /**
   * @param {StandIn} standIn
   * @param {number | undefined} most entries
   */
  constructor(standIn, most) {
    this.standIn = standIn;
    this.most = most;
  }

  get(/** @type {string} */ key) {
    return this.standIn.getMarked(key);
  }

  set(
    /** @type {string} */ key,
    /** @type {unknown} */ value,
    /** @type {{ ttlMs?: number }} */ { ttlMs = DEFAULT_CACHE_TTL_MS },
  ) {
    if (ttlMs < 0) return this.standIn.delete(key);
    return this.standIn.set(key, payloadOf(value), ttlMs, this.most);
  }

  setIfOwner(
    /** @type {string} */ key,
    /** @type {unknown} */ value,
    /** @type {{ ttlMs: number }} */ { ttlMs },
    /** @type {string | undefined} */ token,
    /** @type {string} */ lockKey,
    /** @type {number} */ count,
  ) {
    return this.standIn.setIfOwner(key, payloadOf(value), ttlMs, this.most, { token, lockKey, count });
  }

  has(/** @type {string} */ key) {
    return this.standIn.has(key);
  }

  delete(/** @type {string} */ key, /** @type {string | undefined} */ lockKey) {
    return this.standIn.delete(key, lockKey);
  }

  deleteByPattern(/** @type {string} */ pattern) {
    return this.standIn.deleteByPattern(pattern);
  }

  size() {
    return this.standIn.size();
  }

  inspect(/** @type {Given} */ options) {
    return inspectStandIn(this.standIn, options);
  }

  acquireLock(/** @type {string} */ key, /** @type {string} */ token, /** @type {number} */ ttlMs) {
    return this.standIn.acquireLock(key, token, ttlMs);
  }

  releaseLock(/** @type {string} */ key, /** @type {string} */ token) {
    return this.standIn.releaseLock(key, token);
  }
}

class StandInBackend {
  /**
   * @param {Foreign} client
   * @param {ReturnType<import('./options.js').readStoreOptions>} settings
   * @param {Given} options as the user gave them
   */
  constructor(client, settings, options) {
    this.standIn = new StandIn(client, settings);
    this.entryText = entryTextOf(settings);
    this.shape = this.layer(options?.levels?.L2?.maxEntries ?? undefined);
    const record = readLayerOptions(options);
    this.core = new Core({
      record,
      table: new SlotTable(),
      adapter: new Adapter({ l2: this.shape.l2, emitter: new SilentEmitter(new Logger(), []) }),
      flags: LAYERS.NO_L1 | this.shape.flags,
      ownsTable: true,
      entryText: this.entryText,
    });
    this.ttlMs = raw.derived(this.core.id, DERIVED.L2_LIFETIME);
  }

  /**
   * The layer of a cache over this store.
   * @param {number | undefined} most entries
   */
  layer(most) {
    // The script that looks at lock and marks as it writes needs all names in one slot of a cluster.
    const fenced = this.standIn.isCluster ? 0 : LAYERS.L2_FENCED;
    const flags = LAYERS.CUSTOM_L2 | LAYERS.L2_LOCKS | LAYERS.L2_SHARED | fenced;
    return { flags, redis: undefined, l2: new StandInLayer(this.standIn, most), entryText: this.entryText };
  }

  async get(/** @type {string | number} */ key) {
    return (await this.standIn.get(this.entryText(key), false))?.value;
  }

  async set(/** @type {string | number} */ key, /** @type {unknown} */ value, /** @type {Given} */ options) {
    const text = this.entryText(key);
    // They are checked.
    readCallOptions(options);
    const ttlMs = options?.levels?.L2?.ttlMs ?? options?.ttlMs ?? this.ttlMs;
    try {
      await this.shape.l2.set(text, value, { ttlMs });
    } catch (error) {
      // The value before is outdated: nobody may read it.
      if (isAnswer(error)) await this.standIn.delete(text).catch(() => {});
      throw error;
    }
  }

  getOrSet(/** @type {string | number} */ key, /** @type {Loader} */ loader, /** @type {Given} */ options) {
    return this.core.getOrSet(key, loader, options);
  }

  async has(/** @type {string | number} */ key) {
    return this.standIn.has(this.entryText(key));
  }

  async delete(/** @type {string | number} */ key) {
    await this.standIn.delete(this.entryText(key));
  }

  async deleteByPattern(/** @type {string} */ pattern) {
    await this.standIn.deleteByPattern(pattern);
  }

  async size() {
    return this.standIn.size();
  }

  async acquireLock(/** @type {string | number} */ key, /** @type {string} */ token, /** @type {number} */ ttlMs) {
    return this.standIn.acquireLock(keyText(key), token, ttlMs);
  }

  async releaseLock(/** @type {string | number} */ key, /** @type {string} */ token) {
    await this.standIn.releaseLock(keyText(key), token);
  }

  inspect(/** @type {Given} */ options) {
    return inspectStandIn(this.standIn, options);
  }

  look(/** @type {string} */ key, /** @type {Given} */ options) {
    return lookStandIn(this.standIn, key, options);
  }

  /** The client is its owner's. */
  async close() {}
}

/** @param {unknown} value */
function payloadOf(value) {
  try {
    return serialize(value);
  } catch (error) {
    throw new Unreadable('a value cannot be packed', { cause: error });
  }
}

module.exports = { StandInBackend };
