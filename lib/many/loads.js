'use strict';
// `getMany` with a loader: see batch.js.

const { CODE } = require('../contract/codes.js');
const { closed, loadsFailed, optionType } = require('../errors.js');
const { mustBeObject } = require('../options/read.js');
const { getOrSetBy } = require('../overridden.js');
const { argumentOf, bridge, codeOf } = require('../raw.js');
const { copyOf } = require('../records.js');
const { Batch } = require('./batch.js');
const { BatchLoad, Led } = require('./batch-load.js');
const { iterableKeys } = require('./keys.js');
const { lookUp, Unknown } = require('./look-up.js');
const { isOverridden } = require('./subject.js');

const { raw } = bridge;

/** @typedef {import('./subject.js').Subject} Subject */
/** @typedef {import('../options/read.js').OptionRecord} OptionRecord */

/** A key whose load has begun. It is told when the batch need not wait for it. */
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

/** The loads of keys that are begun together. */
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
    this.loadMany = loadMany;
    /** @type {Batch | undefined} */
    this.made = undefined;
    /** Those that the mirror leads. */
    this.led = new Led();
    /** The place of the key that is begun. */
    this.place = 0;
  }

  get batch() {
    return (this.made ??= new Batch(this.loadMany, (key) => key, { core: this.subject.core, record: this.record }));
  }

  /** Whether the loads are those of a subclass. */
  get isOfOwner() {
    return ['get', 'set', 'getOrSet'].some((verb) => isOverridden(this.subject, verb));
  }

  /**
   * The promises of the values of keys, or their loads.
   * @param {any[]} keys
   * @returns {(Promise<any> | BatchLoad)[]}
   */
  begin(keys) {
    const begun = this.isOfOwner
      ? keys.map((key, at) => this.beginByOwner(key, at))
      : keys.map((key, at) => this.beginOne(key, at));
    this.batch.close();
    return begun;
  }

  /**
   * @param {EntryKey} key
   * @param {number} place
   * @returns {Promise<any> | BatchLoad}
   */
  beginOne(key, place) {
    const { batch } = this;
    const { core } = this.subject;
    if (this.record === undefined) {
      const { mirror } = core;
      const slot = mirror.map.get(/** @type {string} */ (key));
      this.place = place;
      // A limit of loads gives each its turn.
      const load =
        core.limit === undefined
          ? mirror.load(key, undefined, slot, this)
          : mirror.load(key, (context) => batch.enlist(key, context, place), slot);
      if (load !== undefined) return load;
    }
    const member = new Member(batch);
    batch.undecided++;
    const loader = (/** @type {PassedContext} */ context) => {
      const later = batch.enlist(key, context, place);
      member.decide();
      return later;
    };
    return this.ask(core, key, loader, member);
  }

  /**
   * Leads the load of a key.
   * @param {string} key
   * @param {number} now
   */
  lead(key, now) {
    const load = new BatchLoad(this.subject.core, key, now, this.led, this.place);
    this.led.left++;
    if (load.begin()) this.batch.add(load);
    return load;
  }

  /**
   * Makes the addon look for a key, and load it.
   * @param {import('../core.js').Core} core
   * @param {EntryKey} given
   * @param {(context: any) => any} loader
   * @param {Member} member
   * @returns {Promise<any>}
   */
  ask(core, given, loader, member) {
    const key = typeof given === 'bigint' ? String(given) : given;
    // Each call of the addon may change its record.
    const record = this.record && copyOf(this.record);
    try {
      // A handler of another key may have closed it.
      if (core.closed) throw closed('getMany');
      const joined = core.mirror.joinLocal(key, record);
      if (joined !== undefined) {
        member.decide();
        return joined;
      }
      const answer = raw.getOrSet(core.target(key, record), String(key));
      const isLeft = codeOf(answer) === CODE.WAIT;
      if (isLeft) core.request(argumentOf(answer), key).member = member;
      const promise = core.answer(answer, key, loader, record);
      if (!isLeft) member.decide();
      return promise;
    } catch (error) {
      member.decide();
      return Promise.reject(error);
    }
  }

  /**
   * Begins a load by the verbs of a subclass. It is not known whether their loads join others, so keys that need the
   * loader in the same job are loaded together.
   * @param {EntryKey} key
   * @param {number} place
   * @returns {Promise<any>}
   */
  async beginByOwner(key, place) {
    const { owner, core } = this.subject;
    const { batch, options } = this;
    const loader = (/** @type {PassedContext} */ context) => batch.promise(key, context, place);
    if (isOverridden(this.subject, 'getOrSet')) return owner.getOrSet(key, loader, options);
    return getOrSetBy(owner, core, key, loader, options);
  }
}

/**
 * @param {Subject} subject
 * @param {Foreign} given
 * @param {(missing: any[], context: any) => any} loadMany
 * @param {Given} options
 * @returns {Promise<Map<any, unknown>>}
 */
async function loadAll(subject, given, loadMany, options) {
  const { core } = subject;
  if (core.closed) throw closed('getMany');
  const isPartial = readPartial(options);
  const loads = new ManyLoads(subject, loadMany, options);
  // By the options of a call the engine may keep a stale copy of a hit, so it has to see the hit.
  const { isOfOwner } = loads;
  const isMirrored = loads.record === undefined && !isOfOwner;
  const { values, unknown } = isMirrored
    ? lookUp(core, iterableKeys(given), NONE)
    : allUnknown(core, given, !isOfOwner);
  if (unknown === undefined) return values;
  const begin = () => outcomesOf(loads.begin(unknown.keys), loads.led);
  const { found, failed } = await (core.hands ? core.adapter.gathering(begin) : begin());
  unknown.place(values, found);
  if (failed.size === 0 || isPartial) return values;
  throw loadsFailed(failuresOf(unknown, failed), values);
}

const NONE = () => false;

/**
 * @param {import('../core.js').Core} core
 * @param {Foreign} given
 * @param {boolean} isRead whether this is the read of these keys, for those who listen; else a subclass reads them
 */
function allUnknown(core, given, isRead) {
  const unknown = new Unknown();
  const values = new Map();
  for (const key of iterableKeys(given)) {
    if (values.has(key)) continue;
    const text = core.entryText(key);
    if (isRead && core.mirror.isListened) core.mirror.slotOf(text);
    unknown.add(text, key);
    values.set(key, undefined);
  }
  return { values, unknown };
}

/** @param {Given} options */
function readPartial(options) {
  mustBeObject('options', options);
  const partial = options?.partial ?? false;
  if (typeof partial !== 'boolean') throw optionType('partial', 'true or false', partial);
  return partial;
}

/**
 * The outcomes of loads: their values, in order, and the errors of those that failed, by their places.
 * @param {(Promise<any> | BatchLoad)[]} begun
 * @param {Led} led those among them that the mirror leads
 * @returns {Promise<{ found: unknown[], failed: Map<number, unknown> }>}
 */
async function outcomesOf(begun, led) {
  const failed = new Map();
  const isLed = begun.length > 0 && begun.every((one) => one instanceof BatchLoad);
  if (!isLed) {
    try {
      // The promise of a load that is led is only made where one of the others is none.
      return { found: await Promise.all(begun.map(promiseOf)), failed };
    } catch {
      // Each is looked at.
    }
  }
  await led.all();
  const outcomes = isLed ? undefined : await Promise.allSettled(begun.map(promiseOf));
  const found = begun.map((one, at) => {
    const outcome = outcomes === undefined ? /** @type {BatchLoad} */ (one).ended() : outcomes[at];
    if (outcome.status === 'fulfilled') return outcome.value;
    failed.set(at, outcome.reason);
    return undefined;
  });
  return { found, failed };
}

const promiseOf = (/** @type {Promise<any> | BatchLoad} */ one) => (one instanceof BatchLoad ? one.promised() : one);

/**
 * The errors by the keys, in all their forms.
 * @param {Unknown} unknown
 * @param {Map<number, unknown>} failed
 */
function failuresOf(unknown, failed) {
  const failures = new Map();
  let at = 0;
  for (const forms of unknown.allForms()) {
    if (failed.has(at)) for (const key of forms) failures.set(key, failed.get(at));
    at++;
  }
  return failures;
}

module.exports = { loadAll };
