'use strict';
// Converts the options of users to the numbers that cross. Every option is checked; names of no option
// are left to known.js.

const { optionRange, optionType } = require('../errors.js');
const { OF_CACHES, OF_CALLS, OF_LAYERS } = require('../contract/options.js');
const { PARAMS } = require('../contract/numbers.js');
const { EVENT_TYPES } = require('../contract/words.js');
const { bridge } = require('../raw.js');
const { CHECKS, timeout } = require('./checks.js');

const { params, texts } = bridge;
const { ETAG, EXTENDS, HANDED, OF_OWNER, RENEWS, SOURCE, TAGS, WAS_READ } = PARAMS;

const [CALL, LAYERS, CACHES] = [OF_CALLS, OF_LAYERS, OF_CACHES].map((rows) =>
  rows.map(({ path, check }) => ({ path, names: path.split('.'), check: CHECKS[check] })),
);

/**
 * A number per option, NaN where none is given. Some records have further fields: options that are text, by their
 * place; the options as they are, for custom stores; whether the key has been looked for; the number under which the
 * source of the answer is asked for; and tags.
 * @typedef {object} More
 * @property {Map<number, string[]>} [texts]
 * @property {unknown} [handed]
 * @property {boolean} [wasRead]
 * @property {number} [source]
 * @property {boolean} [isOfOwner] whether the value is stored by a subclass, and not by the engine
 * @property {string[]} [tags] of the value that is stored
 * @property {string} [etag] of the value that is stored
 * @property {boolean} [renews] whether the value is loaded anew, whatever its life
 * @property {string} [extends] the version of the value that is stored, where that is the stale one
 * @property {(value: any) => unknown} [shouldCache] whether a loaded value is stored
 * @typedef {number[] & More} OptionRecord
 */

/**
 * The options of a call.
 * @param {Given} options
 * @param {boolean} [keepsTags] whether the entries of the cache have tags; else the tags are for custom stores
 * @returns {OptionRecord | undefined} undefined when none is given
 */
function readCallOptions(options, keepsTags = false) {
  // A lifetime by itself, as other caches take it.
  if (typeof options === 'number') throw optionType('options', `an object, as { ttlMs: ${options} }`, options);
  const record = readInto([], options, CALL);
  const given = keepsTags ? (options?.tags ?? undefined) : undefined;
  const tags = given === undefined ? [] : readTags('tags', given);
  const tagged = tags.length === 0 ? record : Object.assign(record ?? [], { tags });
  const shouldCache = readJudge(options);
  return shouldCache === undefined ? tagged : Object.assign(tagged ?? [], { shouldCache });
}

/**
 * The function that decides whether a loaded value is stored.
 * @param {Given} options
 * @returns {((value: any) => unknown) | undefined}
 */
function readJudge(options) {
  const shouldCache = options?.shouldCache ?? undefined;
  if (shouldCache !== undefined && typeof shouldCache !== 'function') {
    throw optionType('shouldCache', 'a function', shouldCache);
  }
  return shouldCache;
}

/** The most tags of an entry, and of a call that invalidates. */
const MOST_TAGS = 100;
/** The most bytes of a tag in UTF-8: the most tags of this length fit beside a value in Redis. */
const MOST_BYTES = 512;

/**
 * Tags, each once.
 * @param {string} path
 * @param {unknown} tags
 * @returns {string[]}
 */
function readTags(path, tags) {
  if (!Array.isArray(tags)) throw optionType(path, 'an array of texts that are not empty', tags);
  tags.forEach((tag, at) => {
    if (typeof tag !== 'string' || tag === '') throw optionType(`${path}[${at}]`, 'a text that is not empty', tag);
  });
  const each = [...new Set(tags)];
  if (each.length > MOST_TAGS) throw optionRange(path, `at most ${MOST_TAGS} tags`, tags);
  const long = each.find((tag) => tag.length * 3 > MOST_BYTES && Buffer.byteLength(tag) > MOST_BYTES);
  if (long !== undefined) throw optionRange(path, `at most ${MOST_BYTES} bytes of UTF-8 each`, long);
  return each;
}

/**
 * The options of a cache or a layer, without those of caches alone.
 * @param {Given} options
 * @returns {OptionRecord}
 */
function readLayerOptions(options) {
  return readInto([], options, LAYERS) ?? NONE;
}

/**
 * The options of a cache.
 * @param {Given} options
 * @returns {OptionRecord}
 */
function readCacheOptions(options) {
  /** @type {OptionRecord} */
  const record = [...readLayerOptions(options)];
  readInto(record, options, CACHES);
  record.shouldCache = readJudge(options);
  return record;
}

/** @type {OptionRecord} */
const NONE = new Array(LAYERS.length).fill(NaN);

/**
 * Adds options to a record.
 * @param {OptionRecord} record
 * @param {Given} options
 * @param {typeof CALL} rows
 * @returns {OptionRecord | undefined} undefined when none of them is given
 */
function readInto(record, options, rows) {
  mustBeObject('options', options);
  let isAny = false;
  for (const { path, names, check } of rows) {
    const value = pick(options, names);
    const crosses = value === undefined ? undefined : check(path, value);
    if (value !== undefined) isAny = true;
    if (typeof crosses === 'string') setText(record, record.length, crosses);
    if (Array.isArray(crosses)) setText(record, record.length, ...crosses);
    record.push(typeof crosses === 'number' ? crosses : NaN);
  }
  return isAny ? record : undefined;
}

/**
 * Sets an option that is a text, or several.
 * @param {OptionRecord} record
 * @param {number} option its place
 * @param {string[]} text
 */
function setText(record, option, ...text) {
  record.texts ??= new Map();
  record.texts.set(option, text);
}

/**
 * Puts a record where the addon reads it, right before the call that reads it. No code of a user may run in between: it
 * may make calls of its own, which would overwrite the record.
 * @param {OptionRecord} record
 * @param {number} handed the slot of the options, or NaN
 */
function writeOptions(record, handed = NaN) {
  params.fill(NaN);
  params.set(record);
  params[HANDED] = handed;
  if (record.wasRead) params[WAS_READ] = 1;
  if (record.renews) params[RENEWS] = 1;
  if (record.isOfOwner) params[OF_OWNER] = 1;
  if (record.source !== undefined) params[SOURCE] = record.source;
  if (record.texts !== undefined) writeTexts(record.texts);
  // Options of calls are no texts.
  if (record.tags === undefined && record.etag === undefined && record.extends === undefined) return;
  /** @type {Map<number, string[]>} */
  const more = new Map();
  if (record.tags !== undefined) more.set(TAGS, record.tags);
  if (record.etag !== undefined) more.set(ETAG, [record.etag]);
  if (record.extends !== undefined) more.set(EXTENDS, [record.extends]);
  writeTexts(more);
}

/** @param {Map<number, string[]>} given */
function writeTexts(given) {
  texts.length = 0;
  for (const [option, text] of given) {
    params[option] = texts.push(text.length) - 1;
    texts.push(...text);
  }
}

/**
 * The option of a path; groups on the way must be objects.
 * @param {Given} options
 * @param {string[]} names
 */
function pick(options, names) {
  let value = /** @type {any} groups nest */ (options);
  for (let at = 0; at < names.length; at++) {
    if (value === undefined || value === null) return undefined;
    if (at > 0) mustBeObject(names.slice(0, at).join('.'), value);
    value = value[names[at]];
  }
  // JSON and configuration files say null for "not given".
  return value === null ? undefined : value;
}

/**
 * @param {string} path
 * @param {unknown} value
 */
function mustBeObject(path, value) {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object' || Array.isArray(value)) throw optionType(path, 'an object', value);
}

/**
 * An option that is an object with certain methods.
 * @param {string} path
 * @param {unknown} value
 * @param {readonly string[]} methods
 */
function checkMethods(path, value, methods) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
    throw optionType(path, `an object with the methods ${methods.join(', ')}`, value);
  }
  const object = /** @type {Foreign} */ (value);
  for (const method of methods) {
    if (typeof object[method] !== 'function') {
      throw optionType(`${path}.${method}`, 'a function', object[method]);
    }
  }
}

/**
 * The handlers in `events`.
 * @param {unknown} events
 * @returns {((event: any) => void)[]}
 */
function readHandlers(events) {
  if (events === undefined || events === null) return [];
  if (!Array.isArray(events)) throw optionType('events', 'an array of functions', events);
  events.forEach((handler, at) => {
    if (typeof handler !== 'function') throw optionType(`events[${at}]`, 'a function', handler);
  });
  return events;
}

/**
 * @param {Given} logging
 * @returns {{ env: string | undefined, enabled: boolean | undefined }}
 */
function readLogging(logging) {
  mustBeObject('logging', logging);
  const { env: givenEnv, enabled: givenEnabled } = logging ?? {};
  const [env, enabled] = [givenEnv ?? undefined, givenEnabled ?? undefined];
  const known = ['development', 'production', 'test'];
  if (env !== undefined && !known.includes(env)) {
    const fault = typeof env === 'string' ? optionRange : optionType;
    throw fault('logging.env', 'one of "development", "production", "test"', env);
  }
  if (enabled !== undefined && typeof enabled !== 'boolean') {
    throw optionType('logging.enabled', 'true or false', enabled);
  }
  return { env, enabled };
}

/**
 * The types of events that a handler wants.
 * @param {Given} options of `on`
 * @returns {readonly string[] | undefined} undefined for all
 */
function readTypes(options) {
  mustBeObject('options', options);
  const types = options?.types ?? undefined;
  if (types === undefined) return undefined;
  if (!Array.isArray(types)) throw optionType('types', 'an array of types of events', types);
  const unknown = types.find((type) => !EVENT_TYPES.includes(type));
  if (unknown === undefined && !types.includes(undefined)) return types;
  const fault = typeof unknown === 'string' ? optionRange : optionType;
  throw fault('types', `of ${EVENT_TYPES.map((type) => `"${type}"`).join(', ')}`, unknown);
}

/**
 * How long closing waits.
 * @param {Given} options of `close`
 * @returns {number | undefined} milliseconds
 */
function readCloseTimeout(options) {
  mustBeObject('options', options);
  const timeoutMs = options?.timeoutMs ?? undefined;
  return timeoutMs === undefined ? undefined : timeout('timeoutMs', timeoutMs);
}

module.exports = {
  mustBeObject,
  readCallOptions,
  readLayerOptions,
  readCacheOptions,
  setText,
  writeOptions,
  checkMethods,
  readHandlers,
  readLogging,
  readCloseTimeout,
  readTags,
  readTypes,
};
