'use strict';
// Calls of custom stores that go together: those that a verb of several keys makes in one job become one call of
// `getMany`, `setMany` or `deleteMany`, if the store has that method.

const { storeOptions } = require('../store-options.js');
const { valuesOf } = require('./answer.js');

const RESOLVED = Promise.resolve();

/** The method for several keys. @type {Record<string, string>} */
const TOGETHER = { get: 'getMany', set: 'setMany', delete: 'deleteMany' };

/** Calls of one method of a store that differ by their keys alone. */
class Group {
  /**
   * @param {object} verb that makes the calls
   * @param {Foreign} object the store
   * @param {string} name of the method for one key
   * @param {Given} given the options of the calls of `set`
   * @param {number} ttlMs their lifetime
   */
  constructor(verb, object, name, given, ttlMs) {
    this.verb = verb;
    this.object = object;
    this.name = name;
    this.given = given;
    this.ttlMs = ttlMs;
    /** Differs where calls differ by more than their objects. */
    this.kind = `${name} ${ttlMs}`;
    /** @type {number[]} */
    this.calls = [];
    /** @type {string[]} */
    this.keys = [];
    /** @type {unknown[]} */
    this.values = [];
  }

  /** @returns {any} a store of the user */
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
   * @param {Foreign} answer
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
    /** The verb that is making its requests now. They belong to it for their whole life. @type {object | undefined} */
    this.verb = undefined;
    /** By their kinds, as each of very many values may have a lifetime of its own. @type {Map<string, Group[]>} */
    this.groups = new Map();
  }

  /**
   * Runs a verb of several keys.
   * @template T
   * @param {() => T} run
   */
  during(run) {
    const outer = this.verb;
    this.verb = {};
    try {
      return run();
    } finally {
      this.verb = outer;
    }
  }

  /**
   * Whether it has taken a call of a store.
   * @param {import('../request.js').Request | null | undefined} caller the request that asks; undefined while made
   * @param {{ call: number, target: number, name: string, args: any[] }} of
   */
  takes(caller, { call, target, name, args }) {
    const verb = caller === undefined ? this.verb : caller?.verb;
    const together = TOGETHER[name];
    if (verb === undefined || together === undefined) return false;
    const object = this.adapter.targets[target];
    if (typeof (/** @type {Foreign} */ (object)[together]) !== 'function') return false;
    const { values } = this.adapter.table;
    const [key, slot, ttlMs, options] = args;
    // Only builtin stores release a lock as they delete.
    if (name === 'delete' && slot !== undefined) return false;
    const isSet = name === 'set';
    const wanted = new Group(verb, object, name, isSet ? values[options] : undefined, isSet ? ttlMs : NaN);
    const group = this.known(wanted) ?? this.begin(wanted);
    group.calls.push(call);
    group.keys.push(key);
    group.values.push(isSet ? values[slot] : undefined);
    return true;
  }

  /** @param {Group} wanted */
  known({ verb, object, given, kind }) {
    const groups = this.groups.get(kind);
    return groups?.find((group) => group.verb === verb && group.object === object && group.given === given);
  }

  /** @param {Group} group */
  begin(group) {
    const { kind } = group;
    this.groups.set(kind, [...(this.groups.get(kind) ?? []), group]);
    // In the async context of its first call.
    RESOLVED.then(() => this.run(group));
    return group;
  }

  /** @param {Group} group */
  async run(group) {
    const { adapter } = this;
    const { calls, name, kind } = group;
    const others = this.groups.get(kind)?.filter((other) => other !== group) ?? [];
    if (others.length === 0) this.groups.delete(kind);
    else this.groups.set(kind, others);
    adapter.calling++;
    try {
      const results = group.results(await group.call());
      adapter.together(() => calls.forEach((call, at) => adapter.settle(call, name, results[at])));
    } catch (error) {
      adapter.together(() => calls.forEach((call) => adapter.fail(call, error)));
    }
    adapter.ended(() => {});
  }
}

module.exports = { Gathered };
