'use strict';
// A request that is under way: its promise, and its loader.

const { failure, hardTimeout } = require('./errors.js');
const { bridge, settle, CODE } = require('./raw.js');

const { raw, requests } = bridge;

/**
 * What a loader is given. The signal is made when it is asked for: most loaders do not. A getter of the class:
 * one of each object's own doubles the time of a load.
 */
class LoaderContext {
  #request;

  /** @param {Request} request */
  constructor(request) {
    this.#request = request;
  }

  /** Aborts when the load takes longer than `timeouts.hardMs`, or the cache is closed. */
  get signal() {
    return this.#request.signal();
  }
}

/** @param {any} value */
function isThenable(value) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return value instanceof Promise || typeof value.then === 'function';
}

const NOTHING = () => {};

/** The functions of the promise being made: one executor serves all requests. */
let resolveLast = /** @type {(value: any) => void} */ (NOTHING);
let rejectLast = /** @type {(reason: unknown) => void} */ (NOTHING);
const capture = (/** @type {(value: any) => void} */ resolve, /** @type {(reason: unknown) => void} */ reject) => {
  resolveLast = resolve;
  rejectLast = reject;
};

class Request {
  /**
   * @param {import('./core.js').Core} core
   * @param {number} id
   * @param {string | number | undefined} key
   */
  constructor(core, id, key) {
    this.core = core;
    this.id = id;
    this.key = key;
    /** @type {((context?: any) => any) | undefined} */
    this.loader = undefined;
    /** @type {AbortController | undefined} */
    this.controller = undefined;
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

  /**
   * The request of that id; made when it is not known yet.
   * @param {import('./core.js').Core} core
   * @param {number} id
   * @param {string | number | undefined} key
   * @returns {Request}
   */
  static of(core, id, key) {
    const known = requests[id];
    if (known !== undefined) return known;
    const request = new Request(core, id, key);
    requests[id] = request;
    core.open++;
    core.table.open++;
    return request;
  }

  /**
   * Lets others join without a call, for as long as the addon says they may.
   * @param {string | number} key
   */
  joinedAs(key) {
    if (this.frontKey !== undefined) return;
    this.frontKey = key;
    this.core.joined.set(key, this);
  }

  /** The loader's signal. */
  signal() {
    this.controller ??= new AbortController();
    if (this.reason !== undefined) this.controller.abort(this.reason);
    return this.controller.signal;
  }

  /**
   * Aborts the signal, now or as soon as it is asked for.
   * @param {unknown} reason
   */
  abort(reason) {
    this.reason ??= reason;
    this.controller?.abort(this.reason);
  }

  /** Calls the loader. */
  load() {
    // Not as a method: a loader has no business with the request.
    const loader = /** @type {(context?: any) => any} */ (this.loader);
    let loading;
    try {
      loading = loader(new LoaderContext(this));
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

  /** @param {any} value */
  loaded(value) {
    if (this.over) return;
    const { core } = this;
    try {
      if (value === undefined) {
        core.postpones = false;
        this.answer(raw.absent(core.id, this.id));
        return;
      }
      const slot = core.put(this.key, value);
      this.answer(raw.loaded(core.id, this.id, slot, core.weigh(value)));
    } catch (error) {
      this.end();
      this.reject(error);
    }
  }

  /** @param {unknown} error */
  failed(error) {
    if (this.over) return;
    const { core } = this;
    try {
      this.answer(raw.failed(core.id, this.id, core.table.put(undefined, error), 0));
    } catch (fault) {
      this.end();
      this.reject(fault);
    }
  }

  /** @param {number} answer */
  answer(answer) {
    this.take(answer & 15, answer < 0x8000_0000 ? answer >> 4 : Math.floor(answer / 16));
    settle();
    this.core.table.sweep();
  }

  /**
   * Takes what the addon says of this request.
   * @param {number} code
   * @param {number} argument
   */
  take(code, argument) {
    const { core } = this;
    switch (code) {
      case CODE.LOAD:
        this.load();
        return;
      case CODE.EARLY:
        this.resolve(core.table.values[argument]);
        return;
      case CODE.ABORT:
        this.abort(hardTimeout(this.key, argument));
        return;
      case CODE.WAIT:
        return;
      case CODE.JOINED: {
        this.end();
        this.resolve(Request.of(core, argument, this.key).promise);
        return;
      }
      default:
        this.end();
        conclude(this, code, argument);
    }
  }

  /**
   * The cache is closed: the loader is told, and the caller gets `error` if it has no answer yet.
   * @param {Error} error
   */
  abandon(error) {
    this.end();
    // First of all, for whoever listens to the signal may make requests, and one of them may get this id.
    raw.abandoned(this.core.id, this.id);
    this.abort(error);
    this.reject(error);
  }

  end() {
    this.over = true;
    if (this.frontKey !== undefined && this.core.joined.get(this.frontKey) === this) {
      this.core.joined.delete(this.frontKey);
      if (this.core.lastJoined === this) this.core.lastJoined = undefined;
    }
    if (requests[this.id] === this) requests[this.id] = undefined;
    this.core.finished();
  }
}

/**
 * @param {Request} request
 * @param {number} code
 * @param {number} argument
 */
function conclude(request, code, argument) {
  const { core, key } = request;
  switch (code) {
    case CODE.VALUE:
      core.link(key, argument);
      request.resolve(core.table.values[argument]);
      return;
    case CODE.FLAG:
      request.resolve(argument === 1);
      return;
    case CODE.COUNT:
      request.resolve(argument);
      return;
    case CODE.TEXT:
      request.resolve(raw.takeMessage(argument));
      return;
    case CODE.THROWN:
      request.reject(core.table.values[argument]);
      return;
    case CODE.MESSAGE:
      request.reject(failure(raw.takeMessage(argument)));
      return;
    case CODE.HARD_TIMEOUT:
      request.reject(hardTimeout(key, argument));
      return;
    default:
      request.resolve(undefined);
  }
}

module.exports = { Request };
