'use strict';
// The dashboard of a cache: its handler, its server, and their end.

const { isIP } = require('node:net');

const { DURATIONS } = require('../contract/observed.js');
const { DEFAULT_L1_MAX_ENTRIES } = require('../contract/values.js');
const { inspectTable } = require('../inspect.js');
const { TimedMirror } = require('../memory/timed-mirror.js');
const { copied } = require('../options/laid-over.js');
const { ofCaches } = require('../options/unknown.js');
const { bridge } = require('../raw.js');
const { failureOf, forget } = require('./answers.js');
const { ObservabilityInspector } = require('./classes.js');
const { Durations } = require('./durations.js');
const { Explorer } = require('./explorer.js');
const { createDoor, routerOptions } = require('./handler.js');
const { NativeServer } = require('./native-server.js');
const { notice } = require('./notice.js');
const { DEFAULTS, resolveObservabilityOptions } = require('./options.js');
const { Recorder } = require('./recorder.js');
const { handleOf } = require('./server.js');

const { raw } = bridge;

/**
 * Dashboards whose servers run, with their caches: a server that runs is in use.
 * @type {Set<{ cache: object, dashboard: Observability }>}
 */
const running = new Set();

/** Releases the seats of dashboards that are garbage, and the ids of their caches. */
const released = new FinalizationRegistry((/** @type {{ seat: number, id: string }} */ { seat, id }) => {
  raw.obsDetach(seat);
  forget(id);
});

/** @typedef {import('../../types/dashboard.js').ResolvedObservabilityOptions} Options */

/** The message when the port is that of another cache. */
const SERVED = ', where that of another cache of this process is: it shows this cache, too';

/** Whether a dashboard of this process is served at a port. */
const isServed = (/** @type {number} */ port) => [...running].some(({ dashboard }) => dashboard.server?.port === port);

/** Whether only this machine reaches an address. */
function isLoopback(/** @type {string} */ host) {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

const hasKnownPassword = (/** @type {Options} */ { auth }) =>
  !auth.disabled && (auth.password === DEFAULTS.password || auth.password === '');

class Observability {
  /**
   * @param {object} cache
   * @param {import('../core.js').Core} core
   * @param {{ options: Foreign, l1: any, l2: any, eventBus: any, observability: Options, hasTable: boolean }} parts
   */
  constructor(cache, core, { options: given, l1, l2, eventBus, observability, hasTable }) {
    // The page shows the options that the cache was made with: the user may change the object later.
    const options = copied(given, ofCaches.groups);
    this.core = core;
    this.options = observability;
    /** Counts that other threads read. @type {Float64Array} */
    const words = bridge.float64(DURATIONS.LENGTH);
    this.collector = new Recorder(observability, core, words);
    core.emitter.record(this.collector);
    const first = hasTable ? tableLayer(core) : l1;
    this.explorer = new Explorer({
      ...{ cache, core, collector: this.collector, options, l1: first, hasTable, l2, eventBus, observability },
      durations: new Durations(words, DURATIONS.LOADS),
    });
    if (core.mirror instanceof TimedMirror) core.mirror.times = new Durations(words, DURATIONS.CALLS);
    const inspector = new ObservabilityInspector({
      l1: first,
      l2,
      options,
      source: this.explorer.source,
      route: observability.route,
      maxValueBytes: observability.maxValueBytes,
      l2CircuitBreaker: this.breaker('l2'),
      eventBusCircuitBreaker: this.breaker('bus'),
      eventBus,
      prometheus: observability.prometheus,
    });
    /** @type {(number: number, what: string, params: string) => void} */
    this.answer = (number, what, params) => this.hear(number, what, params);
    this.seat = raw.obsAttach(core.id, JSON.stringify(this.about(options)), this.answer, words);
    released.register(this, { seat: this.seat, id: this.explorer.id }, this);
    const { collector, explorer, seat } = this;
    this.door = createDoor({ collector, inspector, options: observability, explorer, seat });
    this.door.answers.register();
    this.handler = this.door.handler;
    /** @type {ReturnType<typeof handleOf> | undefined} */
    this.server = undefined;
    this.isOver = false;
  }

  /** Its description for the addon. @param {Foreign} options of the cache */
  about(options) {
    const { values = 'shown', actions = false } = /** @type {Options} */ (this.options);
    const { maxEntries, maxBytes } = options['levels']?.L1 ?? {};
    const bound = (/** @type {unknown} */ given) => (Number.isFinite(given) && given !== 0 ? given : null);
    return {
      startedAt: this.collector.startedAt,
      maxEvents: this.collector.maxEvents,
      maxEntries: maxEntries === undefined ? DEFAULT_L1_MAX_ENTRIES : bound(maxEntries),
      maxBytes: bound(maxBytes),
      values,
      actions,
    };
  }

  /** @param {'l2' | 'bus'} which */
  breaker(which) {
    const { explorer } = this;
    return {
      /** @returns {'closed' | 'open' | 'half-open'} */
      get currentState() {
        return /** @type {any} Rust has its names */ (explorer.circuits()[which] ?? 'closed');
      },
    };
  }

  /**
   * A question of the addon's server, or the end of that.
   * @param {number} number
   * @param {string} what
   * @param {string} params
   */
  hear(number, what, params) {
    if (what === 'ended') {
      if (this.native?.id === number) this.native.ended();
      return;
    }
    const { answers } = this.door;
    answers
      .answer(what, JSON.parse(params))
      .catch(failureOf)
      .then(({ status, body }) => raw.obsAnswer(number, status, body));
  }

  /**
   * Starts the server that the options ask for, and logs its address.
   * @param {object} cache
   */
  start(cache) {
    const url = this.serve(cache);
    if (!this.options.quiet) notice(url);
  }

  /** @param {object} cache */
  serve(cache) {
    const { server, route, prometheus } = this.options;
    if (server === null || !server.autoStart) return undefined;
    const { host, port } = server;
    const { logger } = this.core.emitter;
    if (!isLoopback(host) && hasKnownPassword(this.options)) {
      logger.error(
        `the dashboard is not served at ${host}:${port}: everybody knows its password, which is the default or ` +
          'empty. Set observability.auth.password (or LAZY_OBS_USER and LAZY_OBS_PASSWORD), or serve it at 127.0.0.1',
      );
      return undefined;
    }
    const router = routerOptions(this.options);
    const native = new NativeServer(this.seat, { host, port, prefix: prometheus.prefix, router });
    this.native = native;
    const held = { cache, dashboard: this };
    native.failed = (error) => {
      running.delete(held);
      logger.error(`the dashboard is not served at ${host}:${port}${isServed(port) ? SERVED : ''}`, error);
    };
    running.add(held);
    native.once('close', () => running.delete(held));
    native.start();
    this.server = handleOf(native, { host, port, route }, () => this.close());
    return native.fault === undefined ? this.server.url : undefined;
  }

  /** Ends the server. */
  close() {
    const { native } = this;
    this.server = undefined;
    if (native === undefined) return Promise.resolve();
    this.closing ??= new Promise((/** @type {(value: void) => void} */ resolve) => native.close(() => resolve()));
    return this.closing;
  }

  /** Ends all of it: the cache is closed. */
  async end() {
    await this.close();
    if (this.isOver) return;
    this.isOver = true;
    this.door.answers.end();
    released.unregister(this);
    raw.obsDetach(this.seat);
  }
}

/** @type {NativeServer | undefined} */
Observability.prototype.native = undefined;
/** @type {Promise<void> | undefined} */
Observability.prototype.closing = undefined;

/**
 * The memory layer of a cache as a layer that can be looked into.
 * @param {import('../core.js').Core} core
 */
function tableLayer(core) {
  return { inspect: (/** @type {Given} */ options) => inspectTable(core, options), size: () => core.size() };
}

/**
 * The options of a dashboard, if a cache has one.
 * @param {unknown} given
 */
function observabilityOf(given) {
  const options = resolveObservabilityOptions(given);
  return options.enabled ? options : undefined;
}

module.exports = { Observability, observabilityOf };
