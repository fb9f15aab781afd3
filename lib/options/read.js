'use strict';
// Users' options to the numbers that cross. Every option is checked; names that are not known are ignored.

const { optionRange, optionType } = require('../errors.js');
const { bridge } = require('../raw.js');
const { CALL_CHECKS, CHECKS, timeout } = require('./checks.js');
const { CALL_FIELDS, FIELDS } = require('./record.js');

const { params } = bridge;

/** The options that a call may give, with the path split once. */
const CALL = FIELDS.slice(0, CALL_FIELDS).map((path) => split(path, CALL_CHECKS));
const ALL = FIELDS.map((path) => split(path, CHECKS));
const CHECKED_ONLY = Object.keys(CHECKS).filter((path) => !FIELDS.includes(path)).map((path) => split(path, CHECKS));

/**
 * @param {string} path
 * @param {Record<string, import('./checks.js').Check>} checks
 */
function split(path, checks) {
  return { path, names: path.split('.'), check: checks[path] };
}

/**
 * A number per option, NaN where none is given. Some calls have more to say: the options as they are, for stores of the
 * user's, and that the key has been looked for.
 * @typedef {number[] & { handed?: any, wasRead?: boolean }} OptionRecord
 */

/**
 * The options of a call.
 * @param {any} options
 * @returns {OptionRecord | undefined} undefined when none is given
 */
function readCallOptions(options) {
  return readInto(options, CALL);
}

/**
 * The options of a cache or store.
 * @param {any} options
 * @returns {OptionRecord}
 */
function readCacheOptions(options) {
  mustBeObject('options', options);
  for (const { path, names, check } of CHECKED_ONLY) {
    const value = pick(options, names);
    if (value !== undefined) check(path, value);
  }
  return readInto(options, ALL) ?? NONE;
}

/** @type {OptionRecord} */
const NONE = new Array(FIELDS.length).fill(NaN);

/**
 * @param {any} options
 * @param {ReturnType<typeof split>[]} fields
 */
function readInto(options, fields) {
  mustBeObject('options', options);
  let any = false;
  const numbers = new Array(fields.length);
  for (let at = 0; at < fields.length; at++) {
    const value = pick(options, fields[at].names);
    numbers[at] = value === undefined ? NaN : fields[at].check(fields[at].path, value);
    if (value !== undefined) any = true;
  }
  return any ? numbers : undefined;
}

/** @type {number} */
const HANDED = FIELDS.length;
const WAS_READ = HANDED + 1;

/**
 * Puts a record where the addon reads it. Right before the call that does: no code of a user's may run in between, for it
 * may make calls of its own.
 * @param {OptionRecord} record
 * @param {number} handed the slot of the options, or NaN
 */
function writeOptions(record, handed = NaN) {
  params.fill(NaN);
  params.set(record);
  params[HANDED] = handed;
  if (record.wasRead) params[WAS_READ] = 1;
}

/**
 * The option of a path; groups on the way must be objects.
 * @param {any} options
 * @param {string[]} names
 */
function pick(options, names) {
  let value = options;
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
 * @param {any} value
 */
function mustBeObject(path, value) {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object' || Array.isArray(value)) throw optionType(path, 'an object', value);
}

/**
 * An option that is an object with certain methods.
 * @param {string} path
 * @param {any} value
 * @param {readonly string[]} methods
 */
function checkMethods(path, value, methods) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
    throw optionType(path, `an object with the methods ${methods.join(', ')}`, value);
  }
  for (const method of methods) {
    if (typeof value[method] !== 'function') {
      throw optionType(`${path}.${method}`, 'a function', value[method]);
    }
  }
}

/**
 * The handlers in `events`.
 * @param {any} events
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
 * An option that is a name: `source`, or `name`.
 * @param {string} path
 * @param {any} name
 * @returns {string | undefined}
 */
function readName(path, name) {
  if (name === undefined || name === null) return undefined;
  if (typeof name !== 'string') throw optionType(path, 'a string', name);
  // An environment variable that is set to nothing is not given.
  return name === '' ? undefined : name;
}

/**
 * @param {any} logging
 * @returns {{ env: string | undefined, enabled: boolean | undefined }}
 */
function readLogging(logging) {
  mustBeObject('logging', logging);
  const env = logging?.env ?? undefined;
  const enabled = logging?.enabled ?? undefined;
  const known = ['development', 'production', 'test'];
  if (env !== undefined && !known.includes(env)) {
    const fault = typeof env === 'string' ? optionRange : optionType;
    throw fault('logging.env', 'one of "development", "production", "test"', env);
  }
  if (enabled !== undefined && typeof enabled !== 'boolean') throw optionType('logging.enabled', 'true or false', enabled);
  return { env, enabled };
}

/**
 * How long closing waits.
 * @param {any} options of `close`
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
  readCacheOptions,
  writeOptions,
  checkMethods,
  readHandlers,
  readName,
  readLogging,
  readCloseTimeout,
};
