'use strict';
// Reactions to the promise of a loader. Two new functions for each load would take a fourteenth of its time, so the
// functions of finished loads serve later ones.

/** @typedef {import('./loading.js').Loading<any>} Loading */

const { then } = Promise.prototype;

/** The most that are kept. */
const MOST_SPARE = 64;

/** Those that are kept: a list. @type {Reactions | undefined} */
let spare;
let spares = 0;

/** Two functions, of which one is called, once. */
class Reactions {
  constructor() {
    /** The load, while one waits. @type {Loading | undefined} */
    this.loading = undefined;
    /** @type {Reactions | undefined} */
    this.next = undefined;
    this.loaded = (/** @type {unknown} */ value) => this.take().loaded(value);
    this.failed = (/** @type {unknown} */ error) => this.take().failed(error);
  }

  /** The load that they wait for. From here on they may serve another. @returns {Loading} */
  take() {
    const { loading } = this;
    this.loading = undefined;
    if (spares < MOST_SPARE) {
      spares++;
      this.next = spare;
      spare = this;
    }
    return /** @type {Loading} */ (loading);
  }
}

/**
 * Has a load go on when the promise of its loader is settled.
 * @param {Promise<unknown>} promise
 * @param {Loading} loading
 */
function react(promise, loading) {
  // Only the platform's own `then` is sure to call one of its functions, and that once.
  if (promise.then !== then) {
    promise.then(
      (value) => loading.loaded(value),
      (error) => loading.failed(error),
    );
    return;
  }
  const reactions = spare ?? new Reactions();
  if (spare !== undefined) {
    spares--;
    spare = reactions.next;
    reactions.next = undefined;
  }
  reactions.loading = loading;
  promise.then(reactions.loaded, reactions.failed);
}

module.exports = { react };
