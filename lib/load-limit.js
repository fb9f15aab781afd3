'use strict';
// Bounds the loaders of a cache that run at a time. A load beyond the bound is answered by a stale copy, waits for its
// turn, or fails if the queue is full.

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');

const { loadLimit } = require('./errors.js');
const { isThenable } = require('./thenable.js');
const { running } = require('./nesting.js');

/**
 * The parts of a running load that matter here; `undefined` for a load of a subclass, whose end cannot be seen.
 * @typedef {object} KnownLoad
 * @property {boolean} over
 * @property {boolean} isRefused whether its loader is not called
 * @property {boolean} isAwaited whether a loader with a permit waits for it
 * @property {{ leave(): void, end(): void } | undefined} permit the right of its loader to run, or its place in the
 * queue
 *
 * @typedef {KnownLoad | undefined} Load
 */

/** The right to run a loader. It ends with the loader, or with all the loads that wait for it. */
class Permit {
  /**
   * @param {LoadLimit} limit
   * @param {Load[]} loads
   */
  constructor(limit, loads) {
    this.limit = limit;
    this.left = loads.length;
    this.isHeld = true;
    /** The permit of the loader that has asked for this load. @type {Permit | undefined} */
    this.outer = held(permits.getStore());
    for (const load of loads) if (load !== undefined) load.permit = this;
  }

  /** One of its loads has ended. It may have been aborted, while its loader never ends. */
  leave() {
    if (--this.left === 0) this.end();
  }

  end() {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.limit.freed();
  }
}

/** The permit of the loader whose code runs. @type {AsyncLocalStorage<Permit>} */
const permits = new AsyncLocalStorage();

/**
 * A permit, or the first permit around it that has not ended. Ended ones would form a chain where each load is started
 * by work that a finished loader left behind.
 * @param {Permit | undefined} permit
 */
function held(permit) {
  let found = permit;
  while (found !== undefined && !found.isHeld) found = found.outer;
  return found;
}

/** A loader that waits for its turn. */
class Waiting {
  /**
   * @param {LoadLimit} limit
   * @param {Load[]} loads
   * @param {() => any} start
   */
  constructor(limit, loads, start) {
    this.limit = limit;
    this.left = loads.length;
    /** The loaders before and after it in the queue. @type {Waiting | undefined} */
    this.older = undefined;
    /** @type {Waiting | undefined} */
    this.younger = undefined;
    for (const load of loads) if (load !== undefined) load.permit = this;
    this.context = new AsyncResource('LazyLayersCacheLoad', { requireManualDestroy: true });
    this.loader = running.load;
    this.promise = new Promise((resolve, reject) => {
      this.go = () => {
        const outer = running.load;
        running.load = this.loader;
        try {
          resolve(this.context.runInAsyncScope(start));
        } catch (error) {
          reject(error);
        } finally {
          running.load = outer;
        }
      };
    });
  }

  /** One of its loads was aborted. */
  leave() {
    if (--this.left === 0) this.end();
  }

  /** Nobody waits for this loader any more. */
  end() {
    this.limit.remove(this);
  }
}

class LoadLimit {
  /** @param {{ maxConcurrent: number, maxQueued: number }} bounds */
  constructor({ maxConcurrent, maxQueued }) {
    this.maxConcurrent = maxConcurrent;
    this.maxQueued = maxQueued;
    /** How many loaders run. */
    this.taken = 0;
    /** How many wait: a list from the oldest to the youngest. */
    this.queued = 0;
    /** @type {Waiting | undefined} */
    this.oldest = undefined;
    /** @type {Waiting | undefined} */
    this.youngest = undefined;
    this.isStarting = false;
  }

  /**
   * The loader of a key, bound by the limit.
   * @param {(context?: any) => any} loader
   * @param {(hasRoom: boolean) => boolean} mayWait called when the limit is reached, with whether the queue has room;
   * returns whether the load is to wait
   * @returns {(context?: any) => any}
   */
  around(loader, mayWait) {
    return (context) => {
      const load = /** @type {any} the caller of the loader is a request */ (running.load);
      return this.run([load], () => loader(context), mayWait);
    };
  }

  /** Whether loaders have to wait. */
  get isReached() {
    return this.taken >= this.maxConcurrent;
  }

  /**
   * Whether a loader with a permit is running the current code. It may wait for loads that it asks for. So these run at
   * once: in the queue they would wait for their own caller.
   */
  get isWithin() {
    for (let permit = held(permits.getStore()); permit !== undefined; permit = permit.outer = held(permit.outer)) {
      if (permit.limit === this) return true;
    }
    return false;
  }

  /**
   * The current code waits for a load of another caller. If it is that of a loader with a permit, the load must not
   * wait for its turn: it may be the permit that it would wait for.
   * @param {KnownLoad} load
   */
  awaits(load) {
    if (load.over || !this.isWithin) return;
    load.isAwaited = true;
    if (load.permit instanceof Waiting && this.remove(load.permit)) load.permit.go?.();
  }

  /**
   * Runs a loader, now or later. Throws if it is refused.
   * @param {Load[]} loads that wait for it
   * @param {() => any} call
   * @param {(hasRoom: boolean) => boolean} mayWait
   * @param {boolean} [isWithin]
   * @returns {any}
   */
  run(loads, call, mayWait, isWithin = this.isWithin) {
    if (isWithin) return call();
    if (!this.isReached || loads.some((load) => load?.isAwaited)) return this.start(loads, call);
    if (!mayWait(this.hasRoom)) throw this.refuse(loads);
    const waiting = new Waiting(
      this,
      loads.filter((load) => load?.over !== true),
      () => this.start(loads, call),
    );
    this.add(waiting);
    return waiting.promise;
  }

  /** Whether one more loader may wait. */
  get hasRoom() {
    return this.queued < this.maxQueued;
  }

  /** @param {Waiting} waiting */
  add(waiting) {
    const { youngest } = this;
    waiting.older = youngest;
    if (youngest === undefined) this.oldest = waiting;
    else youngest.younger = waiting;
    this.youngest = waiting;
    this.queued++;
  }

  /** @param {Waiting} waiting @returns {boolean} whether it was still in the queue */
  remove(waiting) {
    const { older, younger } = waiting;
    if (older === undefined && this.oldest !== waiting) return false;
    if (older === undefined) this.oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.youngest = older;
    else younger.older = older;
    waiting.older = undefined;
    waiting.younger = undefined;
    this.queued--;
    return true;
  }

  /** @param {Load[]} loads */
  refuse(loads) {
    for (const load of loads) if (load !== undefined) load.isRefused = true;
    return loadLimit(this);
  }

  /**
   * @param {Load[]} loads
   * @param {() => any} call
   */
  start(loads, call) {
    const permit = new Permit(
      this,
      loads.filter((load) => load?.over !== true),
    );
    this.taken++;
    let result;
    try {
      result = permits.run(permit, call);
      if (!isThenable(result)) {
        permit.end();
        return result;
      }
    } catch (error) {
      permit.end();
      throw error;
    }
    return Promise.resolve(result).finally(() => permit.end());
  }

  /** A loader has ended: starts the next ones. A loader that ends at once calls this while they are being started. */
  freed() {
    this.taken--;
    if (this.isStarting) return;
    this.isStarting = true;
    while (!this.isReached && this.oldest !== undefined) {
      const next = this.oldest;
      this.remove(next);
      next.go?.();
    }
    this.isStarting = false;
  }
}

module.exports = { LoadLimit, Permit };
