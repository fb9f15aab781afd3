'use strict';
// The hit ratios that a memory layer would have with other bounds and policies: `cache.advice()`. See
// docs/decisions/what-if.md.

const { argument, closed, noMemoryLayer } = require('../errors.js');
const { hashOf } = require('./hashes.js');
const { Sample } = require('./sample.js');

/** The sizes that are simulated, as shares of the present one. */
const SHARES = [0.25, 0.5, 1, 2, 4, 8];

class WhatIf {
  /**
   * @param {number} maxEntries of the layer
   * @param {number} seed of the hashes
   */
  constructor(maxEntries, seed) {
    this.seed = seed;
    this.reads = 0;
    const sizes = new Set(SHARES.map((share) => Math.max(1, Math.round(maxEntries * share))));
    this.samples = [...sizes].map((size) => new Sample(size));
  }

  /** @param {string} key */
  read(key) {
    this.reads++;
    const hash = hashOf(key, this.seed);
    for (const sample of this.samples) sample.read(hash);
  }

  estimates() {
    return this.reads === 0 ? [] : this.samples.map((sample) => sample.estimates(this.reads));
  }
}

/**
 * Makes a mirror report its reads. Replaces methods of this one object, so this costs other caches nothing.
 * @param {import('../memory/mirror.js').Mirror} mirror
 * @param {WhatIf} whatIf
 */
function listen(mirror, whatIf) {
  const { get, getOrSet, slotOf, joinOrCompete } = mirror;
  const read = (/** @type {unknown} */ key) => {
    if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint') whatIf.read(String(key));
  };
  /** Whether the read of the next load by a call was counted already. */
  let isCounted = false;
  mirror.get = (key) => {
    read(key);
    return get.call(mirror, key);
  };
  mirror.getOrSet = (key, loader) => {
    read(key);
    const answer = getOrSet.call(mirror, key, loader);
    isCounted = answer === undefined;
    return answer;
  };
  // A `getOrSet` with options comes here first; that of a subclass once its `get` has found nothing.
  mirror.joinOrCompete = (key, record) => {
    if (!isCounted && record?.wasRead !== true) read(key);
    isCounted = false;
    return joinOrCompete.call(mirror, key, record);
  };
  // `getMany` and `getEntry` look up their keys by it while somebody listens.
  mirror.isListened = true;
  mirror.slotOf = (text) => {
    read(text);
    return slotOf.call(mirror, text);
  };
  // Deleting the properties would make the object slow.
  return () => void Object.assign(mirror, { get, getOrSet, slotOf, joinOrCompete, isListened: false });
}

/** @typedef {{ whatIf: WhatIf, end(): void }} Running */

/** @type {WeakMap<object, Running>} */
const running = new WeakMap();

/**
 * @param {import('../core.js').Core} core
 * @param {Given} options
 */
function advice(core, options = {}) {
  if (options === null || typeof options !== 'object') throw argument('options', 'an object', options);
  const stop = options.stop ?? false;
  if (typeof stop !== 'boolean') throw argument('options.stop', 'a boolean', stop);
  if (core.closed) throw closed('advice');
  const { memory } = core.table;
  if (memory === undefined) throw noMemoryLayer('advice');
  const { maxEntries, policy } = memory;
  let run = running.get(core);
  if (run === undefined && !stop) {
    const whatIf = new WhatIf(maxEntries, (Math.random() * 2 ** 32) | 0);
    run = { whatIf, end: listen(core.mirror, whatIf) };
    running.set(core, run);
  }
  if (stop) {
    run?.end();
    running.delete(core);
  }
  return { maxEntries, policy, reads: run?.whatIf.reads ?? 0, sizes: run?.whatIf.estimates() ?? [] };
}

/** Whether it is on. @param {import('../core.js').Core} core */
const isAdvising = (core) => running.has(core);

module.exports = { WhatIf, advice, isAdvising };
