'use strict';
// `getMany` with a loader: see batch.js.

const { closed, loadsFailed, optionType } = require('../errors.js');
const { CODE } = require('../contract/codes.js');
const { UNKNOWN } = require('../memory/mirror.js');
const { mustBeObject } = require('../options/read.js');
const { getOrSetBy } = require('../overridden.js');
const { argumentOf, bridge, codeOf } = require('../raw.js');
const { Batch } = require('./batch.js');
const { iterableKeys, Keys } = require('./keys.js');
const { isOverridden } = require('./subject.js');

const { raw } = bridge;

/** @typedef {import('./subject.js').Subject} Subject */
/** @typedef {import('../options/read.js').OptionRecord} OptionRecord */

/** A key whose load has begun: told when it is known that it need not be waited for. */
class Member {
  /** @param {Batch} batch */
  constructor(batch) {
    this.batch = batch;
    this.isDecided = false;
  }

  decide() {
    if (this.isDecided) return;
    this.isDecided = true;
    this.batch.decided();
  }
}

class ManyLoads {
  /**
   * @param {Subject} subject
   * @param {(missing: any[], context: any) => any} loadMany
   * @param {Given} options
   */
  constructor(subject, loadMany, options) {
    this.subject = subject;
    this.options = options;
    this.record = subject.core.read(options);
    this.batch = new Batch(loadMany, (key) => key);
    this.isEach = ['get', 'set', 'getOrSet'].some((verb) => isOverridden(subject, verb));
  }

  /**
   * The value of each key, or the promise of it.
   * @param {any[]} keys
   * @returns {any[]}
   */
  begin(keys) {
    const { core } = this.subject;
    const begun = keys.map((key) => this.beginOne(core, key));
    this.batch.close();
    return begun;
  }

  /**
   * @param {import('../core.js').Core} core
   * @param {any} key
   */
  beginOne(core, key) {
    const { batch } = this;
    if (this.isEach) return this.beginByOwner(key);
    const { mirror } = core;
    const found = mirror.take(key, typeof key === 'string' ? key : String(key));
    if (found !== UNKNOWN) return found;
    const member = new Member(batch);
    const loader = (/** @type {any} */ context) => {
      const promise = batch.enlist(key, context);
      member.decide();
      return promise;
    };
    batch.undecided++;
    const local = this.record === undefined ? mirror.load(key, loader, mirror.map.get(key)) : undefined;
    const begun = local ?? this.ask(core, key, loader, member);
    if (local !== undefined) member.decide();
    return begun;
  }

  /**
   * Has the addon look for a key, and load it.
   * @param {import('../core.js').Core} core
   * @param {any} given
   * @param {(context: any) => any} loader
   * @param {Member} member
   * @returns {Promise<any>}
   */
  ask(core, given, loader, member) {
    const key = typeof given === 'bigint' ? String(given) : given;
    const record = copyOf(this.record);
    try {
      // A handler of another key may have closed it.
      if (core.closed) throw closed('getMany');
      const joined = core.mirror.joinOrCompete(key, record);
      if (joined !== undefined) {
        member.decide();
        return joined;
      }
      const answer = raw.getOrSet(core.target(key, record), String(key));
      const isLeft = codeOf(answer) === CODE.WAIT;
      if (isLeft) core.request(argumentOf(answer), key).member = member;
      const promise = core.answer(answer, key, loader);
      if (!isLeft) member.decide();
      else promise.then(member.decide.bind(member), member.decide.bind(member));
      return promise;
    } catch (error) {
      member.decide();
      return Promise.reject(error);
    }
  }

  /**
   * By the verbs of a subclass. Whether their loads join others is not known: keys that need the loader in the same
   * job are loaded together.
   * @param {any} key
   */
  beginByOwner(key) {
    const { owner, core } = this.subject;
    const { batch, options } = this;
    const loader = (/** @type {any} */ context) => batch.enlist(key, context);
    const load = async () =>
      isOverridden(this.subject, 'getOrSet')
        ? owner.getOrSet(key, loader, options)
        : getOrSetBy(owner, core, key, loader, options);
    return load();
  }
}

/**
 * Each call of the addon may change its record.
 * @param {OptionRecord | undefined} record
 * @returns {OptionRecord | undefined}
 */
function copyOf(record) {
  return record && Object.assign([...record], { handed: record.handed, texts: record.texts });
}

/**
 * @param {Subject} subject
 * @param {any} given
 * @param {(missing: any[], context: any) => any} loadMany
 * @param {Given} options
 * @returns {Promise<Map<any, unknown>>}
 */
async function loadAll(subject, given, loadMany, options) {
  const { core } = subject;
  if (core.closed) throw closed('getMany');
  const isPartial = readPartial(options);
  const keys = new Keys(iterableKeys(given), core.entryText);
  const loads = new ManyLoads(subject, loadMany, options);
  const begin = () => outcomesOf(keys, loads.begin(keys.first));
  const { found, failed } = await (core.isCustom ? core.adapter.gathering(begin) : begin());
  const values = new Map();
  for (const [key, text] of keys.texts) {
    const value = found.get(text);
    if (value !== undefined) values.set(key, value);
  }
  if (failed.size === 0 || isPartial) return values;
  const failures = new Map();
  for (const [key, text] of keys.texts) if (failed.has(text)) failures.set(key, failed.get(text));
  throw loadsFailed(failures, values);
}

/** @param {Given} options */
function readPartial(options) {
  mustBeObject('options', options);
  const partial = options?.partial ?? false;
  if (typeof partial !== 'boolean') throw optionType('partial', 'true or false', partial);
  return partial;
}

/**
 * What the loads of keys come to, by the texts of the keys.
 * @param {Keys} keys
 * @param {any[]} begun in the order of the keys: values, and promises of them
 */
async function outcomesOf(keys, begun) {
  /** @type {Map<string, unknown>} */
  const found = new Map();
  /** @type {Map<string, unknown>} */
  const failed = new Map();
  const waits = [];
  let at = 0;
  for (const text of keys.byText.keys()) {
    const value = begun[at++];
    if (!(value instanceof Promise)) {
      found.set(text, value);
      continue;
    }
    const took = (/** @type {unknown} */ loaded) => found.set(text, loaded);
    const fell = (/** @type {unknown} */ error) => failed.set(text, error);
    waits.push(value.then(took, fell));
  }
  await Promise.all(waits);
  return { found, failed };
}

module.exports = { loadAll };
