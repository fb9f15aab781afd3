'use strict';
// Calls of custom stores that go together: while a verb of several keys is under way, those of one job become one call
// of `getMany`, `setMany` or `deleteMany`, if the store has that method.

const { storeOptions } = require('../store-options.js');
const { valuesOf } = require('./answer.js');

const RESOLVED = Promise.resolve();

/** The method for several keys. @type {Record<string, string>} */
const TOGETHER = { get: 'getMany', set: 'setMany', delete: 'deleteMany' };

/** Calls of one method of a store that differ by their keys alone. */
class Group {
  /**
   * @param {Foreign} object the store
   * @param {string} name of the method for one key
   * @param {Given} given the options of the calls of `set`
   * @param {number} ttlMs their lifetime
   */
  constructor(object, name, given, ttlMs) {
    this.object = object;
    this.name = name;
    this.given = given;
    this.ttlMs = ttlMs;
    /** @type {number[]} */
    this.calls = [];
    /** @type {string[]} */
    this.keys = [];
    /** @type {unknown[]} */
    this.values = [];
  }

  /** @returns {any} */
  call() {
    const { object, keys, values } = this;
    if (keys.length === 1) return this.callAlone();
    if (this.name === 'get') return object.getMany(keys);
    if (this.name === 'delete') return object.deleteMany(keys);
    return object.setMany(
      keys.map((key, at) => [key, values[at]]),
      storeOptions(this.given, this.ttlMs),
    );
  }

  /** A single key is asked for as by the verb of one key. */
  callAlone() {
    const { object, name } = this;
    const [key] = this.keys;
    if (name === 'set') return object.set(key, this.values[0], storeOptions(this.given, this.ttlMs));
    return object[name](key);
  }

  /**
   * The result for each call.
   * @param {any} answer
   */
  results(answer) {
    if (this.keys.length === 1) return [answer];
    return this.name === 'get' ? valuesOf(answer, this.keys, 'getMany of a store') : this.keys.map(() => undefined);
  }
}

class Gathered {
  /** @param {import('../adapter.js').Adapter} adapter */
  constructor(adapter) {
    this.adapter = adapter;
    /** Verbs under way. */
    this.verbs = 0;
    /** @type {Group[]} */
    this.groups = [];
  }

  /**
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  async during(run) {
    this.verbs++;
    try {
      return await run();
    } finally {
      this.verbs--;
    }
  }

  /**
   * Whether it has taken a call of a store.
   * @param {number} call
   * @param {number} target
   * @param {string} name of the method
   * @param {any[]} args
   */
  takes(call, target, name, args) {
    if (this.verbs === 0) return false;
    const object = this.adapter.targets[target];
    const together = TOGETHER[name];
    if (together === undefined || typeof (/** @type {Foreign} */ (object)[together]) !== 'function') return false;
    const { values } = this.adapter.table;
    const [key, slot, ttlMs, options] = args;
    // Only builtin stores release a lock as they delete.
    if (name === 'delete' && slot !== undefined) return false;
    const isSet = name === 'set';
    const group = this.groupOf(object, name, isSet ? values[options] : undefined, isSet ? ttlMs : NaN);
    group.calls.push(call);
    group.keys.push(key);
    group.values.push(isSet ? values[slot] : undefined);
    return true;
  }

  /**
   * @param {any} object
   * @param {string} name
   * @param {Given} given
   * @param {number} ttlMs
   */
  groupOf(object, name, given, ttlMs) {
    const known = this.groups.find(
      (group) =>
        group.object === object && group.name === name && group.given === given && Object.is(group.ttlMs, ttlMs),
    );
    if (known !== undefined) return known;
    const group = new Group(object, name, given, ttlMs);
    if (this.groups.push(group) === 1) RESOLVED.then(() => this.flush());
    return group;
  }

  flush() {
    const { groups } = this;
    this.groups = [];
    for (const group of groups) this.run(group);
  }

  /** @param {Group} group */
  async run(group) {
    const { adapter } = this;
    const { calls, name } = group;
    try {
      const results = group.results(await group.call());
      adapter.together(() => calls.forEach((call, at) => adapter.settle(call, name, results[at])));
    } catch (error) {
      adapter.together(() => calls.forEach((call) => adapter.fail(call, error)));
    }
  }
}

module.exports = { Gathered };
