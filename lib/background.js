'use strict';
// Work that goes on when nobody waits for it any more. A host that would end or freeze the process after an answer is
// handed its promise.

/** @typedef {import('../types/options.js').BackgroundWork} BackgroundWork */

class Background {
  /**
   * @param {((promise: Promise<void>, work: BackgroundWork) => unknown) | undefined} hook
   * @param {import('./logger.js').Logger} logger
   */
  constructor(hook, logger) {
    this.hook = hook;
    this.logger = logger;
  }

  /**
   * @param {Promise<unknown>} promise of the end of the work
   * @param {BackgroundWork} work
   */
  hand(promise, work) {
    if (this.hook === undefined) return;
    const nothing = () => {};
    try {
      const result = /** @type {Given} */ (this.hook(promise.then(nothing, nothing), work));
      if (typeof result?.then === 'function') Promise.resolve(result).catch((error) => this.log(error));
    } catch (error) {
      this.log(error);
    }
  }

  /** @param {unknown} error */
  log(error) {
    this.logger.error('the function of the option "background" failed', error);
  }
}

module.exports = { Background };
