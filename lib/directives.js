'use strict';
// The directives of a loader about its value. The object is made when a loader first asks its context for more than the
// signal: most loaders never do.

const { isNativeError } = require('node:util').types;

const { LOADED, VERDICT } = require('./contract/codes.js');
const { TIMES } = require('./contract/numbers.js');
const { OPTION } = require('./contract/options.js');
const { decided, noStale, optionRange, optionType, reasonOf } = require('./errors.js');
const { tellUnknownOf } = require('./options/of-call.js');
const { FIXED } = require('./options/of-loaders.js');
const { readCallOptions } = require('./options/read.js');
const { bridge } = require('./raw.js');
const { copyOf } = require('./records.js');
const { NO_LAYER } = require('./tag-rules.js');
const sharing = require('./values/sharing.js');

const { raw } = bridge;

/** @typedef {import('./options/read.js').OptionRecord} OptionRecord */
/** @typedef {import('./request.js').Request | import('./memory/local-load.js').LocalLoad} Load */

/** Where the addon writes the age of a stale value. @type {Float64Array} */
const times = bridge.float64(TIMES.LENGTH);

const { LEVELS_L1_TTL_MS, LEVELS_L2_TTL_MS, TTL_MS } = OPTION;
const LIFETIMES = [TTL_MS, LEVELS_L1_TTL_MS, LEVELS_L2_TTL_MS];

/** @typedef {{ value: any, ageMs: number, etag?: string, version?: string, tags: string[] }} Stale */

class Directives {
  /**
   * @param {Load} load
   * @param {OptionRecord | undefined} record the options of its call
   */
  constructor(load, record) {
    this.load = load;
    /** The options of the call, with those that the loader has set. */
    this.record = record;
    /** Whether the loader has said anything. */
    this.isGiven = false;
    /** @type {number} */
    this.verdict = VERDICT.KEEP;
    /** The error of `fail`. @type {{ error: unknown } | undefined} */
    this.failure = undefined;
    /** The value that the load replaces, once it was looked for; empty if there is none. @type {{ found?: Stale } | undefined} */
    this.looked = undefined;
    /** Whether tags and the etag were set. */
    this.setsTags = false;
    this.setsEtag = false;
    /** The argument of `setOptions`, for subclasses that store values themselves. @type {Foreign} */
    this.options = {};
    /** Decides whether a value is stored. @type {((value: any) => unknown) | undefined} */
    this.judge = record?.shouldCache ?? load.core.shouldCache;
    this.skip = () => this.decide(VERDICT.SKIP);
    this.notModified = () => this.extend();
    this.fail = (/** @type {unknown} */ error) => this.refuse(error);
    this.setOptions = (/** @type {Given} */ options) => this.set(options);
  }

  /**
   * A member of the context.
   * @param {string} name
   */
  given(name) {
    switch (name) {
      case 'key':
        return this.load.key;
      case 'tags':
        return [...(this.record?.tags ?? [])];
      case 'stale':
        return this.shown();
      default:
        return /** @type {Foreign} */ (this)[name];
    }
  }

  /** @returns {Stale | undefined} */
  stale() {
    this.looked ??= { found: this.look() };
    return this.looked.found;
  }

  /** The stale value, as loaders get it. */
  shown() {
    const stale = this.stale();
    if (stale === undefined) return undefined;
    const { value, ageMs, etag } = stale;
    return etag === undefined ? { value, ageMs } : { value, ageMs, etag };
  }

  /** @returns {Stale | undefined} */
  look() {
    const { core, key } = this.load;
    if (core.closed || key === undefined) return undefined;
    /** @type {{ etag?: string, version?: string, tag: string[] }} */
    const known = { tag: [] };
    const visit = (/** @type {'etag' | 'version' | 'tag'} */ of, /** @type {string} */ text) => {
      if (of === 'tag') known.tag.push(text);
      else known[of] = text;
    };
    const slot = raw.staleOf(core.target(key, this.record), String(key), times, visit);
    if (slot < 0) return undefined;
    const value = sharing.given(core.table, core.table.values[slot]);
    return { value, ageMs: times[TIMES.AGE], etag: known.etag, version: known.version, tags: known.tag };
  }

  /** For how long the key counts as uncacheable once its loader has skipped, in milliseconds. */
  get skipMs() {
    const given = this.record?.[OPTION.SKIP_TTL_MS] ?? NaN;
    return Number.isNaN(given) ? this.load.core.mirror.skipMs : given;
  }

  /** @param {number} verdict */
  decide(verdict) {
    this.verdict = verdict;
    this.isGiven = true;
  }

  extend() {
    const stale = this.stale();
    if (stale === undefined) throw noStale(this.load.key);
    this.decide(VERDICT.EXTEND);
    return stale.value;
  }

  /** @param {unknown} reason */
  refuse(reason) {
    // An error of another realm is none of this one's class.
    const isError = reason instanceof Error || isNativeError(reason);
    const error = isError ? reason : new Error(reason === undefined ? 'the loader failed' : reasonOf(reason));
    this.failure = { error };
    this.isGiven = true;
  }

  /** @param {Given} options */
  set(options) {
    const given = options ?? {};
    const fixed = FIXED.find((name) => /** @type {Foreign} */ (given)[name] !== undefined);
    if (fixed !== undefined) {
      throw optionRange(fixed, 'left out: a loader cannot change it', /** @type {Foreign} */ (given)[fixed]);
    }
    const { core } = this.load;
    const { tags, etag } = /** @type {Foreign} */ (given);
    const record = readCallOptions(given, core.keepsTags);
    if (core.refusesTags && tags !== undefined) throw optionRange('tags', NO_LAYER, tags);
    if (etag !== undefined && typeof etag !== 'string') throw optionType('etag', 'a string', etag);
    this.record = laid(this.record, record);
    if (tags !== undefined) this.record.tags = record?.tags;
    this.setsTags ||= tags !== undefined;
    if (etag !== undefined) this.record.etag = etag === '' ? undefined : etag;
    this.setsEtag ||= etag !== undefined;
    tellUnknownOf('ofLoaders', core, given);
    Object.assign(this.options, given);
    this.isGiven = true;
  }

  /**
   * Whether a loaded value is stored.
   * @param {unknown} value
   */
  stores(value) {
    if (this.failure !== undefined) return false;
    const { judge } = this;
    if (judge !== undefined && this.verdict === VERDICT.KEEP) {
      // It is asked once, also where a subclass stores the value.
      this.judge = undefined;
      if (!decided('shouldCache', judge(value))) this.decide(VERDICT.SKIP);
    }
    return this.verdict !== VERDICT.SKIP;
  }

  /**
   * The end of the loader. Returns its outcome by the directives, and the value or the error.
   * @param {number} cameTo
   * @param {unknown} outcome
   * @returns {{ cameTo: number, outcome: unknown }}
   */
  end(cameTo, outcome) {
    if (cameTo === LOADED.ERROR) return { cameTo, outcome };
    if (this.failure !== undefined) return { cameTo: LOADED.ERROR, outcome: this.failure.error };
    if (this.verdict === VERDICT.EXTEND) return { cameTo: LOADED.VALUE, outcome: this.extended() };
    if (outcome === undefined) return { cameTo: LOADED.NOTHING, outcome };
    try {
      this.stores(outcome);
      return { cameTo: LOADED.VALUE, outcome };
    } catch (error) {
      return { cameTo: LOADED.ERROR, outcome: error };
    }
  }

  /** The stale value; it keeps its etag and its tags if the loader has set no others. */
  extended() {
    const stale = /** @type {Stale} */ (this.stale());
    const record = laid(this.record, undefined);
    if (!this.setsEtag) record.etag = stale.etag;
    record.extends = stale.version;
    if (!this.setsTags) record.tags = [...new Set([...(record.tags ?? []), ...stale.tags])];
    this.record = record.tags?.length === 0 ? Object.assign(record, { tags: undefined }) : record;
    return stale.value;
  }
}

/**
 * A record of options over another. Its `ttlMs` takes precedence over lifetimes of single layers in the other.
 * @param {OptionRecord | undefined} base
 * @param {OptionRecord | undefined} over
 * @returns {OptionRecord}
 */
function laid(base, over) {
  const record = copyOf(base);
  if (over === undefined) return record;
  const lifetimes = LIFETIMES.map((at) => record[at]);
  if (over[TTL_MS] !== undefined && !Number.isNaN(over[TTL_MS])) {
    record[LEVELS_L1_TTL_MS] = NaN;
    record[LEVELS_L2_TTL_MS] = NaN;
  }
  for (let at = 0; at < over.length; at++) {
    if (!Number.isNaN(over[at]) || record[at] === undefined) record[at] = over[at];
  }
  if (record.isOfOwner) LIFETIMES.forEach((at, place) => (record[at] = lifetimes[place]));
  return record;
}

module.exports = { Directives };
