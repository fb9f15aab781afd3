'use strict';
// The most loaders of a cache that run at a time. A load beyond them is answered by a stale copy, waits for its turn,
// or fails if as many wait as may.

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks');

const { loadLimit } = require('./errors.js');
const { isThenable } = require('./loading.js');
const { running } = require('./nesting.js');

/**
 * A load under way, as far as it matters here.
 * @typedef {object} Load
 * @property {boolean} over
 * @property {boolean} isRefused whether its loader is not called
 * @property {Permit | undefined} permit
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
    this.outer = permits.getStore();
    for (const load of loads) load.permit = this;
  }

  /** One of its loads is over: it may have been aborted, while its loader goes on for ever. */
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

/** A loader that waits for its turn. */
class Waiting {
  /**
   * @param {Load[]} loads
   * @param {() => any} start
   */
  constructor(loads, start) {
    this.loads = loads;
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

  /** Whether nobody waits for it: its loads were aborted. */
  get isOver() {
    return this.loads.every(({ over }) => over);
  }
}

class LoadLimit {
  /** @param {{ maxConcurrent: number, maxQueued: number }} bounds */
  constructor({ maxConcurrent, maxQueued }) {
    this.maxConcurrent = maxConcurrent;
    this.maxQueued = maxQueued;
    /** How many loaders run. */
    this.taken = 0;
    /** @type {Waiting[]} */
    this.queue = [];
    this.isStarting = false;
  }

  /**
   * The loader of a key, kept to the limit.
   * @param {(context?: any) => any} loader
   * @param {(hasRoom: boolean) => boolean} mayWait told that the limit is reached, and whether there is room to wait:
   * whether the load is to wait
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
   * Whether the code that runs is that of a loader with a permit, which may wait for the loads that it asks for: they
   * run at once, as both would wait for ever otherwise.
   */
  get isWithin() {
    for (let permit = permits.getStore(); permit !== undefined; permit = permit.outer) {
      if (permit.limit === this && permit.isHeld) return true;
    }
    return false;
  }

  /**
   * Runs a loader, now or later. Throws if that is refused.
   * @param {Load[]} loads that wait for it
   * @param {() => any} call
   * @param {(hasRoom: boolean) => boolean} mayWait
   * @param {boolean} [isWithin]
   * @returns {any}
   */
  run(loads, call, mayWait, isWithin = this.isWithin) {
    if (isWithin) return call();
    if (!this.isReached) return this.start(loads, call);
    if (!mayWait(this.hasRoom)) throw this.refuse(loads);
    const waiting = new Waiting(loads, () => this.start(loads, call));
    this.queue.push(waiting);
    return waiting.promise;
  }

  /** Whether one more loader may wait. */
  get hasRoom() {
    if (this.queue.length < this.maxQueued) return true;
    this.queue = this.queue.filter(({ isOver }) => !isOver);
    return this.queue.length < this.maxQueued;
  }

  /** @param {Load[]} loads */
  refuse(loads) {
    for (const load of loads) load.isRefused = true;
    return loadLimit(this);
  }

  /**
   * @param {Load[]} loads
   * @param {() => any} call
   */
  start(loads, call) {
    const permit = new Permit(
      this,
      loads.filter(({ over }) => !over),
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

  /** A loader has ended: the next ones start. One that ends at once comes back here while they are being started. */
  freed() {
    this.taken--;
    if (this.isStarting) return;
    this.isStarting = true;
    while (!this.isReached && this.queue.length > 0) {
      const next = /** @type {Waiting} */ (this.queue.shift());
      if (!next.isOver) next.go?.();
    }
    this.isStarting = false;
  }
}

module.exports = { LoadLimit, Permit };
