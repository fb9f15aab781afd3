'use strict';
// `wrap`: a function that reads through a cache.

const { setImmediate } = require('node:timers');

const { argument, optionRange, optionType } = require('../errors.js');
const { copied } = require('../options/laid-over.js');
const { tellUnknownOf } = require('../options/of-call.js');
const { mustBeObject, readCallOptions } = require('../options/read.js');
const { Batch } = require('./batch.js');
const { isOverridden } = require('./subject.js');

/** The longest time that `setTimeout` takes. */
const LONGEST_MS = 0x7fff_ffff;

/**
 * A miss of a wrapped function.
 * @typedef {{ key: any, args: any[] }} Miss
 *
 * @typedef {object} Reading
 * @property {(...args: any[]) => any} key
 * @property {((calls: any[][], context: any) => any) | undefined} loadMany
 * @property {{ windowMs: number, max: number }} batch
 * @property {Given} options of `getOrSet`
 */

/**
 * The options as they are now.
 * @param {Given} given
 * @param {boolean} keepsTags
 * @returns {Reading}
 */
function readOptions(given, keepsTags) {
  if (typeof given !== 'object' || given === null) throw argument('options', 'an object with a key', given);
  const { key, loadMany: loader, batch } = given;
  const loadMany = loader ?? undefined;
  if (typeof key !== 'function') throw optionType('key', 'a function that returns the key for arguments', key);
  if (loadMany !== undefined && typeof loadMany !== 'function') throw optionType('loadMany', 'a function', loadMany);
  const { key: _key, loadMany: _loader, batch: _batch, ...others } = copied(given);
  readCallOptions(others, keepsTags);
  const options = Object.keys(others).length === 0 ? undefined : others;
  return { key, loadMany, batch: readBatch(batch ?? undefined, loadMany), options };
}

/**
 * @param {Given} batch
 * @param {unknown} loadMany
 */
function readBatch(batch, loadMany) {
  mustBeObject('batch', batch);
  if (batch !== undefined && loadMany === undefined)
    throw optionType('loadMany', 'a function, as "batch" is given', loadMany);
  const [windowMs, max] = [batch?.windowMs ?? 0, batch?.max ?? Infinity];
  if (typeof windowMs !== 'number') throw optionType('batch.windowMs', 'a number of milliseconds', windowMs);
  if (!(windowMs >= 0 && windowMs <= LONGEST_MS)) {
    throw optionRange('batch.windowMs', `from 0 to ${LONGEST_MS} milliseconds`, windowMs);
  }
  if (typeof max !== 'number') throw optionType('batch.max', 'a number of calls', max);
  if (max !== Infinity && !(Number.isInteger(max) && max > 0)) {
    throw optionRange('batch.max', 'a whole number above 0, or Infinity', max);
  }
  return { windowMs, max };
}

/** Gathers the misses of a while into batches. */
class Window {
  /**
   * @param {(calls: any[][], context: any) => any} loadMany
   * @param {{ windowMs: number, max: number }} bounds
   * @param {{ core: import('../core.js').Core, record: undefined }} of
   */
  constructor(loadMany, { windowMs, max }, of) {
    this.of = of;
    this.load = (/** @type {Miss[]} */ misses, /** @type {PassedContext} */ context) =>
      loadMany(
        misses.map(({ args }) => args),
        context,
      );
    this.windowMs = windowMs;
    this.max = max;
    /** The batch that takes misses. @type {Batch | undefined} */
    this.batch = undefined;
  }

  /**
   * @param {Miss} miss
   * @param {PassedContext} context
   */
  enlist(miss, context) {
    const batch = this.batch ?? this.open();
    const promise = batch.promise(miss, context, batch.enlisted.length);
    if (batch.enlisted.length >= this.max) this.close(batch);
    return promise;
  }

  open() {
    const batch = new Batch(this.load, ({ key }) => key, this.of);
    this.batch = batch;
    const end = () => this.close(batch);
    if (this.windowMs === 0) setImmediate(end);
    else setTimeout(end, this.windowMs);
    return batch;
  }

  /** @param {Batch} batch */
  close(batch) {
    // It may have been full before.
    if (this.batch !== batch) return;
    this.batch = undefined;
    batch.close();
  }
}

/**
 * @param {import('./subject.js').Subject} subject
 * @param {unknown} fn
 * @param {Given} given
 */
function wrap(subject, fn, given) {
  const { core, owner } = subject;
  if (typeof fn !== 'function') throw argument('fn', 'a function', fn);
  const { key, loadMany, batch, options } = readOptions(given, core.keepsTags);
  tellUnknownOf('ofFunctions', core, given);
  const window = loadMany === undefined ? undefined : new Window(loadMany, batch, { core, record: undefined });
  // Not asynchronous: the promise of an asynchronous function would settle three microtasks after that of a hit.
  const call = (/** @type {unknown} */ self, /** @type {any[]} */ args) => {
    try {
      const name = key.apply(self, args);
      const load =
        window === undefined
          ? () => fn.apply(self, args)
          : (/** @type {PassedContext} */ context) => window.enlist({ key: name, args }, context);
      return Promise.resolve(owner.getOrSet(name, load, options));
    } catch (error) {
      return Promise.reject(error);
    }
  };
  /** @this {unknown} @param {any[]} args */
  function wrapped(...args) {
    return call(this, args);
  }
  Object.defineProperty(wrapped, 'name', { value: fn.name });
  return withMethods(wrapped, subject, key, call);
}

/**
 * Adds what a wrapped function does beside its calls. Called as its methods they have no `this` for `key` and the
 * function: that is given by `call`.
 * @param {(...args: any[]) => Promise<any>} wrapped
 * @param {import('./subject.js').Subject} subject
 * @param {(...args: any[]) => any} key
 * @param {(self: unknown, args: any[]) => Promise<any>} call
 */
function withMethods(wrapped, subject, key, call) {
  const { owner } = subject;
  // Also a bound one, or a proxy, is the function itself; so is one of which a test has replaced a method.
  const selfOf = (/** @type {any} */ given) =>
    given === wrapped || (typeof given === 'function' && given.refresh === refresh) ? undefined : given;
  /** @this {unknown} @param {any[]} args */
  async function refresh(...args) {
    // Loads under way began before, perhaps with older data.
    const self = selfOf(this);
    const name = key.apply(self, args);
    await (isOverridden(subject, 'delete') ? owner.delete(name) : owner.expire(name));
    return call(self, args);
  }
  return Object.assign(wrapped, {
    /** @this {unknown} @param {any[]} args */
    key(...args) {
      return key.apply(selfOf(this), args);
    },
    refresh,
    /** @this {unknown} @param {any[]} args */
    async delete(...args) {
      return owner.delete(key.apply(selfOf(this), args));
    },
    /** @this {unknown} @param {any[]} args */
    async expire(...args) {
      return owner.expire(key.apply(selfOf(this), args));
    },
  });
}

module.exports = { readOptions, wrap };
