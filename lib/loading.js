'use strict';
// The caller's promise of a load, and the loader's context.

const { AsyncResource } = require('node:async_hooks');

const { ContextTraps, LoaderContext } = require('./loader-context.js');
const { hanging } = require('./hanging.js');
const { running } = require('./nesting.js');
const { react } = require('./reactions.js');
const { isThenable } = require('./thenable.js');

/** @typedef {import('./directives.js').Directives} Directives */

/** Returned by a loader of a batch, which ends the load itself. */
const LATER = Symbol('later');

const NOTHING = () => {};

/** The signal of a load, and why it is to stop. */
class Stop {
  /** @type {unknown} */
  #reason = undefined;
  /** @type {AbortController | undefined} */
  #controller = undefined;
  /** The async context in which the signal was asked for. @type {AsyncResource | undefined} */
  #context = undefined;

  /** The context that has the signal. @type {object | undefined} */
  #shownBy = undefined;

  /**
   * @param {object} context
   * @returns {AbortSignal | undefined} the signal, if the context is not known to have it
   */
  signalFor(context) {
    if (this.#shownBy === context) return undefined;
    this.#shownBy = context;
    return this.signal();
  }

  signal() {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#context = new AsyncResource('LazyLayersCacheSignal', { requireManualDestroy: true });
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** @param {unknown} reason */
  abort(reason) {
    this.#reason ??= reason;
    // Listeners run in the async context in which the loader asked for the signal.
    this.#context?.runInAsyncScope(() => this.#controller?.abort(this.#reason));
  }
}

/**
 * The common part of requests to the addon and local loads.
 * @template {EntryKey | undefined} Key
 */
class Loading extends ContextTraps {
  /**
   * @param {import('./core.js').Core} core
   * @param {Key} key
   * @param {boolean} [isPromised] whether its caller waits for its promise
   */
  constructor(core, key, isPromised = true) {
    super();
    this.core = core;
    this.key = key;
    /** The loader's signal, once it was asked for or is to be aborted. @type {Stop | undefined} */
    this.stop = undefined;
    /** The directives of its loader, once it has asked for more than the signal. @type {Directives | undefined} */
    this.said = undefined;
    this.over = false;
    /** Whether its loader has ended. */
    this.isLoaded = false;
    /** When another call first waited for it. @type {number | undefined} */
    this.joinedAt = undefined;
    if (isPromised) this.makePromise();
  }

  makePromise() {
    let resolve = /** @type {(value: any) => void} */ (NOTHING);
    let reject = /** @type {(reason: unknown) => void} */ (NOTHING);
    /** @type {Promise<any>} */
    this.promise = new Promise((resolveIt, rejectIt) => {
      resolve = resolveIt;
      reject = rejectIt;
    });
    this.resolve = resolve;
    this.reject = reject;
  }

  /**
   * Ends it with a value.
   * @param {unknown} _value
   */
  resolve(_value) {}

  /**
   * Ends it with an error.
   * @param {unknown} _reason
   */
  reject(_reason) {}

  /**
   * The promise, for one more that waits for it.
   * @returns {Promise<any>}
   */
  promised() {
    return /** @type {Promise<any>} */ (this.promise);
  }

  /**
   * @param {LoaderContext} context
   * @returns {AbortSignal | undefined}
   */
  signalFor(context) {
    this.stop ??= new Stop();
    return this.stop.signalFor(context);
  }

  /** @param {string} name */
  given(name) {
    this.said ??= this.core.directivesOf(/** @type {any} */ (this));
    return this.said.given(name);
  }

  /**
   * Aborts the signal, now or as soon as it is asked for.
   * @param {unknown} reason
   */
  abort(reason) {
    this.stop ??= new Stop();
    this.stop.abort(reason);
  }

  /**
   * Its caller has an answer; those who join from here on get another.
   */
  renew() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Perhaps nobody joins.
    this.promise.catch(NOTHING);
  }

  /**
   * Whether its loader is that of a load.
   * @param {import('./nesting.js').Load} load
   */
  covers(load) {
    return load === /** @type {unknown} */ (this);
  }

  /**
   * Calls the loader where loads may need contexts. Apart, for no function is to be made on the way of a load.
   * @param {(context?: any) => any} loader
   * @param {LoaderContext} context
   */
  callAlert(loader, context) {
    return hanging.call(/** @type {any} one of the subclasses */ (this), () => loader(context));
  }

  /**
   * Calls the loader.
   * @param {(context?: any) => any} loader
   */
  load(loader) {
    const outer = running.load;
    running.load = /** @type {any} one of the subclasses */ (this);
    let loading;
    try {
      const context = new Proxy(new LoaderContext(), this);
      loading = running.isAlert ? this.callAlert(loader, context) : loader(context);
      if (loading === LATER) return;
      // The `then` of a value may be code of a user as well.
      if (isThenable(loading)) {
        react(loading instanceof Promise ? loading : Promise.resolve(loading), this);
        return;
      }
    } catch (error) {
      this.failed(error);
      return;
    } finally {
      running.load = outer;
    }
    this.loaded(loading);
  }

  /**
   * The loader returned a value, or nothing.
   * @param {unknown} _value
   */
  loaded(_value) {}

  /**
   * The loader threw.
   * @param {unknown} _error
   */
  failed(_error) {}

  /**
   * Ends it without its loader, which is told to stop.
   * @param {unknown} error
   */
  giveUp(error) {
    this.failed(error);
    this.abort(error);
  }

  /**
   * Settles the promise with the addon's answer. Whatever throws on the way there rejects it.
   * @param {number} code
   * @param {number} argument
   */
  conclude(code, argument) {
    try {
      this.resolve(this.core.outcome(code, argument, this.key));
    } catch (error) {
      this.reject(error);
    }
  }
}

module.exports = { LATER, Loading };
