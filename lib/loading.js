'use strict';
// The caller's promise of a load, and the loader's context.

const { AsyncResource } = require('node:async_hooks');

const { react } = require('./reactions.js');

/** Has the signal of a context be there. @type {(context: LoaderContext) => void} */
let makeSignal;

/** The target of a loader's context, see `CONTEXT`. */
class LoaderContext {
  /** @type {Loading<any> | undefined} */
  #loading;

  /** @param {Loading<any>} loading */
  constructor(loading) {
    this.#loading = loading;
  }

  static {
    makeSignal = (context) => {
      const loading = context.#loading;
      if (loading === undefined) return;
      context.#loading = undefined;
      /** @type {Foreign} */ (context).signal = loading.signal();
    };
  }
}

/**
 * Makes the signal of a context at the first access. Few loaders use their signal, and a signal costs more than a load.
 * It must be an own property, so that copies of the context have it too. A getter as an own property of each context
 * would double the time of a load.
 * @type {ProxyHandler<LoaderContext>}
 */
const CONTEXT = Object.freeze({
  get(/** @type {LoaderContext} */ context, /** @type {string | symbol} */ name) {
    if (name === 'signal') makeSignal(context);
    return Reflect.get(context, name);
  },
  ...Object.fromEntries(
    /** @type {const} */ ([
      'has',
      'ownKeys',
      'getOwnPropertyDescriptor',
      'set',
      'defineProperty',
      'deleteProperty',
      'preventExtensions',
    ]).map((trap) => [
      trap,
      (/** @type {LoaderContext} */ context, /** @type {any[]} */ ...args) => {
        makeSignal(context);
        return /** @type {Foreign} */ (Reflect)[trap](context, ...args);
      },
    ]),
  ),
});

/** @param {unknown} value */
function isThenable(value) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return value instanceof Promise || typeof (/** @type {Foreign} */ (value).then) === 'function';
}

const NOTHING = () => {};

/** The functions of the promise being made: one executor serves all. */
let resolveLast = /** @type {(value: any) => void} */ (NOTHING);
let rejectLast = /** @type {(reason: unknown) => void} */ (NOTHING);
const capture = (/** @type {(value: any) => void} */ resolve, /** @type {(reason: unknown) => void} */ reject) => {
  resolveLast = resolve;
  rejectLast = reject;
};

/** The signal of a load, and why it is to stop. */
class Stop {
  /** @type {unknown} */
  #reason = undefined;
  /** @type {AbortController | undefined} */
  #controller = undefined;
  /** The async context in which the signal was asked for. @type {AsyncResource | undefined} */
  #context = undefined;

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
    // Those who listen do so in the loader's async context.
    this.#context?.runInAsyncScope(() => this.#controller?.abort(this.#reason));
  }
}

/**
 * What requests to the addon and local loads have in common.
 * @template {string | number | undefined} Key
 */
class Loading {
  /**
   * @param {import('./core.js').Core} core
   * @param {Key} key
   */
  constructor(core, key) {
    this.core = core;
    this.key = key;
    /** The loader's signal, once it was asked for or is to be aborted. @type {Stop | undefined} */
    this.stop = undefined;
    this.over = false;
    this.promise = new Promise(capture);
    this.resolve = resolveLast;
    this.reject = rejectLast;
    // They hold the promise, and it its value.
    resolveLast = NOTHING;
    rejectLast = NOTHING;
  }

  /** The loader's signal. */
  signal() {
    this.stop ??= new Stop();
    return this.stop.signal();
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
   * Calls the loader.
   * @param {(context?: any) => any} loader
   */
  load(loader) {
    let loading;
    try {
      loading = loader(new Proxy(new LoaderContext(this), CONTEXT));
      // The `then` of a value may be a user's code as well.
      if (isThenable(loading)) {
        react(loading instanceof Promise ? loading : Promise.resolve(loading), this);
        return;
      }
    } catch (error) {
      this.failed(error);
      return;
    }
    this.loaded(loading);
  }

  /**
   * The loader gave a value, or nothing.
   * @param {unknown} _value
   */
  loaded(_value) {}

  /**
   * The loader threw.
   * @param {unknown} _error
   */
  failed(_error) {}

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

module.exports = { Loading };
