'use strict';
// The dashboard's view of a cache of this package beyond the contract: its loads, its bus, its keys.

const { bridge } = require('../raw.js');
const { DEFAULT_CACHE_TTL_MS } = require('../contract/values.js');
const { advise } = require('./advice.js');
const { BUS_TYPES, BusLog } = require('./bus-log.js');
const { resolved } = require('./config.js');
const { isPlainMemoryStore } = require('../memory-store.js');
const { healthOf } = require('./inspector.js');
const { explain } = require('./key.js');
const { LOAD_TYPES, LoadLog } = require('./loads.js');
const { treeOf } = require('./tree.js');
const whatIf = require('../what-if/index.js');

const { raw } = bridge;

/** Running loads that are listed. */
const LOADS = 100;

/** How long entries of a layer live, by the options. */
function lifetimeOf(/** @type {Foreign} */ options, /** @type {'L1' | 'L2'} */ layer) {
  const ms = options['levels']?.[layer]?.ttlMs ?? options['ttlMs'] ?? DEFAULT_CACHE_TTL_MS;
  return ms > 0 ? ms : Infinity;
}

class Explorer {
  /**
   * @param {object} parts
   * @param {Foreign} parts.cache
   * @param {import('../core.js').Core} parts.core
   * @param {import('./collector.js').Collector} parts.collector
   * @param {Foreign} parts.options of the cache
   * @param {Foreign} parts.l1
   * @param {boolean} parts.hasTable whether the first layer is a memory layer of the addon
   * @param {Foreign} parts.l2
   * @param {Foreign} parts.eventBus
   * @param {import('./durations.js').Durations} parts.durations take how long loads took
   * @param {import('../../types/dashboard.js').ResolvedObservabilityOptions} parts.observability
   */
  constructor({ cache, core, collector, options, l1, hasTable, l2, eventBus, durations, observability }) {
    // A dashboard does not keep an unused cache alive.
    this.cache = new WeakRef(cache);
    this.core = core;
    this.collector = collector;
    this.options = options;
    this.l1 = l1;
    /** Whether that, or a store of the package that is its first layer, is read without its methods. */
    this.hasTable = hasTable || isPlainMemoryStore(l1);
    this.l2 = l2;
    this.eventBus = eventBus;
    this.observability = observability;
    this.id = raw.obsCacheId(core.id);
    /** How this instance is named on its bus. */
    this.source = raw.obsSource(core.id);
    this.lifetimes = { L1: lifetimeOf(options, 'L1'), L2: lifetimeOf(options, 'L2') };
    this.loadLog = new LoadLog(this.lifetimes.L1, durations);
    this.busLog = new BusLog();
    this.largestSent = 0;
    collector.tap(LOAD_TYPES, this.loadLog.handle);
    collector.tap(BUS_TYPES, this.busLog.handle);
    collector.tap(['set:broadcast-skipped'], (event) => this.measure(event));
  }

  /** @param {Foreign} event */
  measure({ bytes }) {
    this.largestSent = Math.max(this.largestSent, bytes);
  }

  /** The states of the circuits, where there are any. @returns {{ l2: string | null, bus: string | null }} */
  circuits() {
    return JSON.parse(raw.obsCircuits(this.core.id));
  }

  /** The part of the configuration beyond the contract. */
  config() {
    const { maxEvents, maxValueBytes, quiet, values = 'shown', actions = false, redact } = this.observability;
    return {
      resolved: resolved(this.options),
      observability: { values, actions, maxEvents, maxValueBytes, quiet, redacts: redact !== undefined },
    };
  }

  loads() {
    const { loads } = this.core.stats();
    const list = this.loadLog.list(LOADS);
    return {
      running: loads.running,
      oldestMs: loads.oldestMs,
      joined: list.reduce((sum, { joined }) => sum + joined, 0),
      loads: list,
      slowest: this.loadLog.slowest,
      errors: [...this.loadLog.errors.values()].reverse(),
    };
  }

  async bus() {
    if (this.eventBus === undefined) return { configured: false };
    const { transport, health } = await healthOf(this.eventBus);
    return {
      configured: true,
      transport,
      state: this.busLog.state,
      breaker: this.circuits().bus,
      health,
      source: this.source,
      counters: this.core.stats().bus,
      instances: [...this.busLog.instances.values()].reverse(),
      gaps: this.busLog.gaps,
      statuses: this.busLog.statuses,
    };
  }

  /**
   * @param {Readonly<Record<string, string>>} params
   * @param {import('./presenter.js').Presenter} presenter
   */
  key(params, presenter) {
    return explain(this, /** @type {import('./key.js').Asked} */ (params), presenter);
  }

  /** @param {Readonly<Record<string, string>>} params */
  tree(params) {
    return treeOf(this, params);
  }

  /** @param {Readonly<Record<string, string>>} params */
  advice({ simulate }) {
    const { core, options, loadLog, largestSent } = this;
    // One of them is the dashboard's.
    const listeners = core.emitter.listeners.filter(({ types }) => types === undefined).length;
    const locks = typeof this.l2?.acquireLock === 'function';
    const byPath = Object.fromEntries(resolved(options).map(({ path, value }) => [path, value]));
    const said = advise(core.stats(), byPath, { again: loadLog.again, listeners, largestSent, locks });
    return { advice: said, sizes: this.sizes(simulate === 'true') };
  }

  /**
   * The hit ratios of other sizes of L1; `null` until somebody has asked for them.
   * @param {boolean} isAskedFor
   */
  sizes(isAskedFor) {
    const { core } = this;
    if (core.closed || !core.table.hasMemory) return undefined;
    return isAskedFor || whatIf.isAdvising(core) ? whatIf.advice(core) : null;
  }

  /** The cache, for actions that change its entries. */
  get living() {
    const cache = this.cache.deref();
    if (cache === undefined) throw new Error('the cache is gone');
    return cache;
  }

  /** @param {Readonly<Record<string, string>>} params */
  async delete({ key }) {
    await this.living.delete(key);
    return { done: true };
  }

  /** @param {Readonly<Record<string, string>>} params */
  async deletePattern({ pattern }) {
    await this.living.deleteByPattern(pattern);
    return { done: true };
  }

  /**
   * Ends the life of an entry as its time would: a stale copy of it stays for loads that fail, where such are kept.
   * @param {Readonly<Record<string, string>>} params
   */
  async expire({ key }) {
    await (this.living && this.core.expire(key));
    return { done: true };
  }

  /**
   * Expires the key, and says that the next `getOrSet` loads it: loaders are functions of callers, which the cache does
   * not keep.
   * @param {Readonly<Record<string, string>>} params
   */
  async refresh(params) {
    return { ...(await this.expire(params)), effect: 'expired', next: 'the next getOrSet of the key loads it' };
  }
}

module.exports = { Explorer };
