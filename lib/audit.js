'use strict';
// Measures staleness: loads some hits of `getOrSet` again after they were answered, and compares the values. See
// docs/decisions/audit.md.

const { AsyncResource } = require('node:async_hooks');
const { isDeepStrictEqual } = require('node:util');

const { LOADED, VERDICT } = require('./contract/codes.js');
const { COUNTED, LAYERS } = require('./contract/numbers.js');
const { decided } = require('./errors.js');
const { isNoKey, keyText } = require('./keys.js');
const { lazy } = require('./lazy.js');
const { Loading } = require('./loading.js');
const { setImmediate } = require('./platform.js');
const { bridge } = require('./raw.js');
const { copyOf } = require('./records.js');

const { raw } = bridge;

const packing = lazy(() => require('./serializer/pack.js'));
const made = lazy(() => require('./contract/events.js'));

/**
 * @typedef {import('./options/work.js').AuditOptions} AuditOptions
 * @typedef {import('../types/entry.js').EntryResult<any>} EntryResult
 * @typedef {import('./core.js').Core} Core
 * @typedef {import('./calls.js').Parts} Parts
 */

/** The upper bounds of the ages by which audits are counted, in milliseconds. */
const AGES = [1000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000, Infinity];

/**
 * A loader that runs again for a hit.
 * @extends {Loading<string>}
 */
class AuditLoad extends Loading {
  /**
   * @param {Audit} audit
   * @param {string} key
   * @param {number} ticket voided by every write and invalidation of the key after the hit
   * @param {import('./options/read.js').OptionRecord | undefined} record the options of the call
   * @param {(context?: any) => any} loader
   */
  constructor(audit, key, ticket, record, loader) {
    super(audit.core, key);
    this.audit = audit;
    this.ticket = ticket;
    this.record = record;
    /** The loader of the call. @type {(context?: any) => any} */
    this.original = /** @type {any} */ (loader);
    /** The answer of the call. @type {EntryResult} */
    this.hit = /** @type {any} until there is one */ (undefined);
    audit.core.table.mode.requestBegan();
  }

  /** @param {unknown} value */
  loaded(value) {
    const { core, record } = this;
    if (this.said === undefined && (core.shouldCache ?? record?.shouldCache) !== undefined) {
      this.said = core.directivesOf(/** @type {any} */ (this));
    }
    const { said } = this;
    if (said === undefined || this.over) {
      this.judge(value);
      return;
    }
    const { cameTo, outcome } = said.end(LOADED.VALUE, value);
    // A value that is not to be stored may be a fallback: it says nothing about the hit.
    if (cameTo === LOADED.ERROR || said.verdict === VERDICT.SKIP) this.failed();
    else this.judge(outcome);
  }

  /** @param {unknown} value the value that a load would have stored; undefined if it would have stored nothing */
  judge(value) {
    this.end((isValid) => isValid && this.audit.judge(this, value));
  }

  failed() {
    this.end(() => false);
  }

  /** There is nothing to audit. */
  withdraw() {
    this.end(() => true);
  }

  /** @param {unknown} error */
  abandon(error) {
    this.end(() => false);
    this.abort(error);
  }

  /**
   * Ends the audit, once.
   * @param {(isValid: boolean) => boolean} judge gets whether nothing has overtaken the audit, and returns whether it
   * has a result
   */
  end(judge) {
    if (this.over) return;
    this.over = true;
    const { core } = this;
    try {
      const isValid = raw.returnTicket(core.target(this.key, this.said?.record), this.ticket);
      if (!judge(isValid)) core.counted[COUNTED.UNKNOWN]++;
    } finally {
      this.audit.running.delete(this.key);
      core.table.mode.requestEnded();
      this.resolve(undefined);
      core.finished();
    }
  }
}

class Audit {
  /**
   * @param {Core} core
   * @param {AuditOptions} options
   * @param {boolean} refreshes whether its entries in memory can be refreshed
   */
  constructor(core, { rate, compare, repair, maxConcurrent }, refreshes) {
    this.core = core;
    this.refreshes = refreshes;
    this.rate = rate;
    this.compare = compare;
    this.repair = repair;
    this.maxConcurrent = maxConcurrent;
    /** Calls until the next one whose hit is audited. */
    this.left = this.draw();
    /** The audits under way, by key. @type {Map<string, AuditLoad>} */
    this.running = new Map();
    /** How many were fresh and stale, by age. */
    this.ages = AGES.map((upToMs) => ({ upToMs, fresh: 0, stale: 0 }));
  }

  /** The number of calls up to the next audit, when each has the same chance. */
  draw() {
    const { rate } = this;
    if (rate === 0) return Infinity;
    return rate === 1 ? 1 : Math.floor(Math.log(1 - Math.random()) / Math.log(1 - rate)) + 1;
  }

  /**
   * Makes a call whose hit is audited.
   * @param {EntryKey} key
   * @param {Foreign} loader
   * @param {Given} options
   * @param {() => Promise<EntryResult>} call
   */
  async run(key, loader, options, call) {
    this.left = this.draw();
    const text = keyText(key);
    const { core } = this;
    const record = core.read(options);
    // Without the loader of a namespace, which would count this load.
    const original = loader.unwrapped ?? loader;
    if (core.closed || this.isBusy(text)) return (await call()).value;
    // A value stored from here on is newer than the hit.
    const ticket = raw.takeTicket(core.id, text);
    const load = new AuditLoad(this, text, ticket, record, original);
    core.open++;
    this.running.set(text, load);
    try {
      load.hit = await call();
    } catch (error) {
      load.withdraw();
      throw error;
    }
    const isHit = load.hit.source === 'L1' || load.hit.source === 'L2';
    if (isHit && !core.closed) this.startSoon(load);
    else load.withdraw();
    return load.hit.value;
  }

  /** @param {string} text of a key */
  isBusy(text) {
    return this.running.size >= this.maxConcurrent || this.running.has(text) || this.core.limit?.isReached === true;
  }

  /**
   * Runs the loader once the caller has its answer.
   * @param {AuditLoad} load
   */
  startSoon(load) {
    const { core } = this;
    const { original } = load;
    core.background?.hand(load.promised(), { key: load.key, reason: 'audit' });
    const start = () => {
      if (load.over) return;
      const call = core.limit === undefined ? original : core.limit.around(original, () => false);
      load.load(call);
    };
    setImmediate(AsyncResource.bind(start));
  }

  /**
   * Compares a hit with the present value of its loader, and counts it. Returns false if they cannot be compared.
   * @param {AuditLoad} load
   * @param {unknown} value
   */
  judge(load, value) {
    const { key, hit } = load;
    const { value: held, source, ageMs } = hit;
    let isSame = false;
    try {
      isSame = value !== undefined && this.equals(held, value);
    } catch (error) {
      this.core.emitter.logger.error('the function of the option "audit.compare" failed', error);
      return false;
    }
    this.count(key, isSame, source, ageMs);
    if (isSame) return true;
    this.core.emitter.emit(made().EVENT.auditStale(key, source === 'L1' ? 'L1' : 'L2', ageMs));
    if (this.repair && !this.core.closed) this.renew(load, value !== undefined);
    return true;
  }

  /**
   * @param {unknown} held
   * @param {unknown} loaded
   */
  equals(held, loaded) {
    const { compare } = this;
    return compare === undefined ? isEqual(held, loaded) : decided('audit.compare', compare(held, loaded));
  }

  /**
   * @param {string} key
   * @param {boolean} isFresh
   * @param {EntryResult['source']} source
   * @param {number | undefined} ageMs
   */
  count(key, isFresh, source, ageMs) {
    const [l1, l2] = isFresh ? [COUNTED.FRESH_L1, COUNTED.FRESH_L2] : [COUNTED.STALE_L1, COUNTED.STALE_L2];
    this.core.counted[source === 'L1' ? l1 : l2]++;
    const outcome = isFresh ? 'fresh' : 'stale';
    const ages = ageMs === undefined ? undefined : this.ages.find(({ upToMs }) => ageMs <= upToMs);
    if (ages !== undefined) ages[outcome]++;
    const { tallies } = this.core;
    if (tallies === undefined) return;
    const names = [...tallies.keys()].filter((name) => key.startsWith(`${name}:`));
    const counts = tallies.get(names.sort((a, b) => b.length - a.length)[0])?.counts;
    if (counts !== undefined) counts[outcome] = (counts[outcome] ?? 0) + 1;
  }

  /**
   * Replaces a stale value. The value of the audit is as old as its load, and an invalidation elsewhere may be on its
   * way: so it is loaded once more, as a refresh, which is ordered against invalidations. A key without a value is
   * deleted, and so is one without an entry in memory that could be refreshed.
   * @param {AuditLoad} load
   * @param {boolean} isThere whether the loader has a value
   */
  renew({ key, record, original }, isThere) {
    const { core } = this;
    if (isThere && this.refreshes) {
      const renewed = core.loadRead(key, copyOf(record, { renews: true }), original);
      renewed.catch(() => {});
      return;
    }
    const removed = core.delete(key);
    removed.catch(() => {});
    core.background?.hand(removed, { key, reason: 'audit' });
  }

  /**
   * The cache is closed.
   * @param {unknown} error
   */
  abandon(error) {
    for (const load of [...this.running.values()]) load.abandon(error);
  }
}

/**
 * Whether two values are the same, or are stored as the same bytes: values out of a shared layer have no classes.
 * @param {unknown} one
 * @param {unknown} other
 */
function isEqual(one, other) {
  if (isDeepStrictEqual(one, other)) return true;
  try {
    return Buffer.from(packing().packShortly(one)).equals(packing().packShortly(other));
  } catch {
    return false;
  }
}

/**
 * The class of cores whose hits are audited. It has a countdown in `getOrSet`, and others have none.
 * @param {typeof import('./core.js').Core} Base
 */
function audited(Base) {
  return class extends Base {
    /** @type {Audit} */
    #audit;

    /** @param {Parts} parts */
    constructor(parts) {
      super(parts);
      const hasMemory = parts.table.hasMemory && (parts.flags & LAYERS.NO_L1) === 0;
      this.#audit = new Audit(this, /** @type {AuditOptions} */ (parts.audit), hasMemory);
      this.audit = this.#audit;
    }

    /**
     * @param {EntryKey} key
     * @param {(context?: any) => any} loader
     * @param {Given} options
     * @returns {Promise<any>}
     */
    getOrSet(key, loader, options) {
      const audit = this.#audit;
      if (--audit.left > 0 || isNoKey(key) || typeof loader !== 'function') return super.getOrSet(key, loader, options);
      return audit.run(key, loader, options, () => super.getOrSetEntry(key, loader, options));
    }
  };
}

module.exports = { Audit, audited };
