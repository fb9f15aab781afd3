'use strict';
// A promise that waits for a loader.

const { AsyncResource } = require('node:async_hooks');

const { CODE } = require('./contract/codes.js');
const { failure, hardTimeout } = require('./errors.js');
const { bridge } = require('./raw.js');

const { raw } = bridge;

/** Has the signal of a context be there. @type {(context: LoaderContext) => void} */
let makeSignal;

/** Behind what a loader is given: an object whose signal is made when somebody looks. */
class LoaderContext {
  /** @type {Loading | undefined} */
  #loading;

  /** @param {Loading} loading */
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
 * Nearly no loader looks at its signal, and each costs more than a load. So it is a property of the context's own, as
 * all that copies the context expects, from the first look on. A getter of each context's own doubles the time of a
 * load.
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

/** What requests to the addon and loads that are led in front have in common. */
class Loading {
  /**
   * @param {import('./core.js').Core} core
   * @param {string | number | undefined} key
   * @param {((context?: any) => any) | undefined} loader
   */
  constructor(core, key, loader) {
    this.core = core;
    this.key = key;
    this.loader = loader;
    /** @type {AbortController | undefined} */
    this.controller = undefined;
    /** The async context in which the signal was asked for. @type {AsyncResource | undefined} */
    this.listening = undefined;
    /** Why the loader is to stop. @type {unknown} */
    this.reason = undefined;
    /** The key under which others join it in front. @type {string | number | undefined} */
    this.frontKey = undefined;
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
    if (this.controller === undefined) {
      this.controller = new AbortController();
      this.listening = new AsyncResource('LazyLayersCacheSignal', { requireManualDestroy: true });
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /**
   * Aborts the signal, now or as soon as it is asked for.
   * @param {unknown} reason
   */
  abort(reason) {
    this.reason ??= reason;
    const { controller } = this;
    // Those who listen do so in the loader's async context.
    this.listening?.runInAsyncScope(() => controller?.abort(this.reason));
  }

  /** Calls the loader. */
  load() {
    // Not as a method: a loader has no business with the request.
    const loader = /** @type {(context?: any) => any} */ (this.loader);
    let loading;
    try {
      loading = loader(new Proxy(new LoaderContext(this), CONTEXT));
      // The `then` of a value may be a user's code as well.
      if (isThenable(loading)) {
        const promise = loading instanceof Promise ? loading : Promise.resolve(loading);
        promise.then((value) => this.loaded(value), (error) => this.failed(error));
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
      this.settleBy(code, argument);
    } catch (fault) {
      this.reject(fault);
    }
  }

  /**
   * @param {number} code
   * @param {number} argument
   */
  settleBy(code, argument) {
    const { core, key } = this;
    switch (code) {
      case CODE.VALUE:
        core.link(key, argument);
        this.resolve(core.table.values[argument]);
        return;
      case CODE.FLAG:
        this.resolve(argument === 1);
        return;
      case CODE.COUNT:
        this.resolve(argument);
        return;
      case CODE.TEXT:
        this.resolve(raw.takeMessage(argument));
        return;
      case CODE.THROWN:
        this.reject(core.table.values[argument]);
        return;
      case CODE.MESSAGE:
        this.reject(failure(raw.takeMessage(argument)));
        return;
      case CODE.HARD_TIMEOUT:
        this.reject(hardTimeout(key, argument));
        return;
      default:
        this.resolve(undefined);
    }
  }
}

module.exports = { Loading };
