'use strict';
// Counts the calls that go through namespaces, for `stats()`.

/** The most namespaces that are counted by name; the others are counted together. */
const MOST = 50;
/** The name for the others: no namespace may have it. */
const OTHERS = '*';

/** @typedef {import('../types/stats.js').NamespaceStats} NamespaceStats */

class Tally {
  /** @param {string} namespace */
  constructor(namespace) {
    /** @type {NamespaceStats} */
    const counts = { namespace, hits: 0, misses: 0, loads: 0, sets: 0, deletes: 0 };
    this.counts = counts;
    /** @template T @type {(value: T) => T} */
    this.read = (value) => {
      if (value === undefined) counts.misses++;
      else counts.hits++;
      return value;
    };
    /** @template {{ value: any }} T @type {(entry: T) => T} */
    this.readEntry = (entry) => {
      this.read(entry.value);
      return entry;
    };
    this.wrote = () => {
      counts.sets++;
    };
    this.deleted = () => {
      counts.deletes++;
    };
  }

  /**
   * The counts of a namespace of a cache.
   * @param {import('./core.js').Core} core
   * @param {string} namespace
   * @returns {Tally}
   */
  static of(core, namespace) {
    core.tallies ??= new Map();
    const { tallies } = core;
    const name = tallies.has(namespace) || tallies.size < MOST ? namespace : OTHERS;
    let tally = tallies.get(name);
    if (tally === undefined) tallies.set(name, (tally = new Tally(name)));
    return tally;
  }

  /**
   * A `getMany`: each of its keys counts.
   * @template T
   * @param {any[]} names
   * @param {Map<any, T>} found
   * @param {Set<any>} loaded those that its loader was called for, before the answer
   */
  readMany(names, found, loaded) {
    const hits = names.filter((name) => found.has(name) && !loaded.has(name)).length;
    this.counts.hits += hits;
    this.counts.misses += names.length - hits;
    return found;
  }

  /** @param {number} count of loaders that run, or of the keys of one */
  loads(count) {
    this.counts.loads += count;
  }

  /**
   * A `getOrSet`: its loader, and a function that counts its answer.
   * @param {Loader} loader
   */
  loading(loader) {
    const { counts } = this;
    let ran = false;
    let isAnswered = false;
    const isFunction = typeof loader === 'function';
    const load = (/** @type {PassedContext} */ context) => {
      // After the answer it is a refresh: the call was a hit.
      if (!isAnswered && !ran) counts.misses++;
      ran = true;
      this.loads(1);
      return loader(context);
    };
    /** @template T @param {(answer: T) => T} count @returns {(answer: T) => T} */
    const answered = (count) => (answer) => {
      isAnswered = true;
      return ran ? answer : count(answer);
    };
    return {
      // An audit calls the loader itself, as it is no read.
      loader: isFunction ? Object.assign(load, { unwrapped: loader }) : loader,
      read: answered(/** @type {(value: any) => any} */ (this.read)),
      readEntry: answered(/** @type {(entry: any) => any} */ (this.readEntry)),
    };
  }
}

/**
 * The counts of all namespaces of a cache, in the order in which they were made.
 * @param {import('./core.js').Core} core
 * @returns {NamespaceStats[]}
 */
function namespaceStats(core) {
  return [...(core.tallies?.values() ?? [])].map(({ counts }) => ({ ...counts }));
}

module.exports = { Tally, namespaceStats };
