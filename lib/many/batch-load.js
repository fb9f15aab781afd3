'use strict';
// A load of a batch that the mirror leads. Its caller waits for all loads of the batch, not for a promise of this one:
// promises and contexts of a thousand loads would take longer than the loads.

const { LoaderContext } = require('../loader-context.js');
const { LocalLoad } = require('../memory/local-load.js');
const { end } = require('./batch.js');

/** The loads of a call that the mirror leads. */
class Led {
  constructor() {
    /** How many have not ended. */
    this.left = 0;
    /** @type {(() => void) | undefined} */
    this.ended = undefined;
  }

  /** Ends with the last of them. */
  all() {
    if (this.left === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.ended = () => resolve(undefined);
    });
  }

  leave() {
    this.left--;
    if (this.left === 0) this.ended?.();
  }
}

class BatchLoad extends LocalLoad {
  /**
   * @param {import('../core.js').Core} core
   * @param {string} key
   * @param {number} now
   * @param {Led} led
   * @param {number} place
   */
  constructor(core, key, now, led, place) {
    super(core, key, now, false);
    this.led = led;
    this.place = place;
    /** @type {PassedContext} */
    this.shown = undefined;
    /** How it ended. @type {'fulfilled' | 'rejected' | undefined} */
    this.status = undefined;
    /** @type {unknown} */
    this.value = undefined;
    /** @type {unknown} */
    this.reason = undefined;
    /** The promise of those who have joined it. @type {{ promise: Promise<any>, settle: () => void } | undefined} */
    this.asked = undefined;
  }

  get item() {
    return this.key;
  }

  get isOver() {
    return this.over;
  }

  get loading() {
    return this;
  }

  /** The context of the loader of its key, made when it is first asked for. */
  get context() {
    return (this.shown ??= /** @type {PassedContext} */ (
      /** @type {unknown} */ (new Proxy(new LoaderContext(), this))
    ));
  }

  /** @param {unknown} value */
  take(value) {
    end(this, value);
  }

  /** @param {unknown} value */
  resolve(value) {
    if (this.status !== undefined) return;
    this.status = 'fulfilled';
    this.value = value;
    this.settled();
  }

  /** @param {unknown} reason */
  reject(reason) {
    if (this.status !== undefined) return;
    this.status = 'rejected';
    this.reason = reason;
    this.settled();
  }

  settled() {
    this.asked?.settle();
    this.led.leave();
  }

  /**
   * Its outcome, once it has ended.
   * @returns {PromiseSettledResult<any>}
   */
  ended() {
    return /** @type {PromiseSettledResult<any>} */ (/** @type {unknown} */ (this));
  }

  promised() {
    if (this.asked === undefined) {
      let settle = () => {};
      const promise = new Promise((resolve, reject) => {
        settle = () => (this.status === 'rejected' ? reject(this.reason) : resolve(this.value));
      });
      this.asked = { promise, settle };
      if (this.status !== undefined) settle();
    }
    return this.asked.promise;
  }
}

module.exports = { BatchLoad, Led };
