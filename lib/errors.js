'use strict';
// The errors of the package: each has a `code` that does not change.

const { forget, isThenable } = require('./thenable.js');

const PREFIX = 'lazy-layers-cache: ';

/**
 * @template {Error} E
 * @param {E} error
 * @param {string} code
 * @returns {E & { code: string }}
 */
function coded(error, code) {
  return Object.assign(error, { code });
}

/**
 * How a value is shown in an error: always as a text, also a proxy that was revoked.
 * @param {unknown} value
 * @returns {string}
 */
function show(value) {
  try {
    return shown(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function shown(value) {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${String(value.name) || '(anonymous)'}`;
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object (${value.constructor?.name ?? 'no prototype'})`;
}

/**
 * A URL, or a text that was to be one, as it is shown: without a login, which may itself contain an @ or a slash.
 * @param {string} url
 */
function withoutLogin(url) {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, '$1…@');
}

/**
 * An option of the wrong type.
 * @param {string} path
 * @param {string} allowed
 * @param {unknown} value
 */
function optionType(path, allowed, value) {
  return coded(new TypeError(`${PREFIX}option "${path}" must be ${allowed}, got ${show(value)}`), 'INVALID_OPTION');
}

/**
 * An option of the right type with a value that is not allowed.
 * @param {string} path
 * @param {string} allowed
 * @param {unknown} value
 */
function optionRange(path, allowed, value) {
  return coded(new RangeError(`${PREFIX}option "${path}" must be ${allowed}, got ${show(value)}`), 'INVALID_OPTION');
}

/**
 * An argument of the wrong type.
 * @param {string} name
 * @param {string} allowed
 * @param {unknown} value
 * @param {string} [text] instead of the value
 */
function argument(name, allowed, value, text = show(value)) {
  return coded(new TypeError(`${PREFIX}${name} must be ${allowed}, got ${text}`), 'INVALID_ARGUMENT');
}

/** @param {string} what */
function closed(what) {
  return coded(new Error(`${PREFIX}${what}: the cache is closed`), 'CACHE_CLOSED');
}

/**
 * @param {unknown} key
 * @param {number} limitMs
 */
function hardTimeout(key, limitMs) {
  const error = new Error(`${PREFIX}hard-timeout: the loader of ${show(key)} took longer than ${limitMs} ms`);
  return Object.assign(coded(error, 'LOADER_HARD_TIMEOUT'), { reason: 'hard-timeout' });
}

/** @param {{ maxConcurrent: number, maxQueued: number }} bounds */
function loadLimit({ maxConcurrent, maxQueued }) {
  const text = `"loads.maxConcurrent" (${maxConcurrent}) loaders run, and "loads.maxQueued" (${maxQueued}) wait`;
  return coded(new Error(`${PREFIX}the loader was not called: ${text}`), 'LOAD_LIMIT');
}

/** @param {unknown} key */
function deadlock(key) {
  const text = `the load of ${show(key)} would wait for itself: its loader asks for its key`;
  return coded(new Error(`${PREFIX}deadlock: ${text}`), 'LOADER_DEADLOCK');
}

/**
 * The message of an error of a user, whose `message` may be anything.
 * @param {unknown} error
 */
function messageOf(error) {
  try {
    const message = error instanceof Error ? error.message : undefined;
    return typeof message === 'string' ? unprefixed(message) : '';
  } catch {
    return '';
  }
}

/**
 * Why something has failed: always a text, whatever was thrown.
 * @param {unknown} error
 * @returns {string}
 */
function reasonOf(error) {
  try {
    const message = /** @type {Foreign} */ (error)?.message;
    return typeof message === 'string' ? message : String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}

/**
 * What a function of an option has decided. A promise would always count as true.
 * @template T
 * @param {string} name of the option
 * @param {T} decision
 */
function decided(name, decision) {
  if (!isThenable(decision)) return decision;
  forget(decision);
  throw optionType(name, 'a function that returns true or false', decision);
}

/**
 * Loads of some keys of a `getMany` failed.
 * @param {Map<any, unknown>} failures the error of each of these keys
 * @param {Map<any, unknown>} partial the values of the others
 */
function loadsFailed(failures, partial) {
  const keys = [...failures.keys()];
  const shown = keys.slice(0, 3).map(show).join(', ');
  const which = keys.length > 3 ? `${shown} and ${keys.length - 3} more keys` : shown;
  const errors = [...new Set(failures.values())];
  const reason = messageOf(errors[0]);
  const error = new AggregateError(
    errors,
    `${PREFIX}getMany: the loads of ${which} failed${reason === '' ? '' : `: ${reason}`}`,
  );
  return Object.assign(coded(error, 'LOADS_FAILED'), { partial, failures });
}

/**
 * A call that is wrong where it stands, whatever its arguments are.
 * @param {string} message
 */
function misuse(message) {
  return coded(new TypeError(PREFIX + message), 'INVALID_ARGUMENT');
}

/** @param {string} message */
function failure(message) {
  return coded(new Error(PREFIX + message), 'CACHE_FAILURE');
}

/**
 * A message without the name of the package, for one that gets it again.
 * @param {string} message
 */
function unprefixed(message) {
  return message.startsWith(PREFIX) ? message.slice(PREFIX.length) : message;
}

/**
 * A call about tags of a cache whose entries have none.
 * @param {string} verb
 */
function noTags(verb) {
  const text = `${verb}: tags need an L1 or a RedisStore of this package, and no store of your own as L1 or L2`;
  return coded(new Error(PREFIX + text), 'NO_TAGS');
}

/**
 * A call about the memory layer of a cache that has none of this package.
 * @param {string} verb
 */
function noMemoryLayer(verb) {
  return coded(new Error(`${PREFIX}${verb}: needs the memory layer of this package as L1`), 'NO_MEMORY_LAYER');
}

/**
 * A loader says that the stale value is still true, and there is none.
 * @param {unknown} key
 */
function noStale(key) {
  const text = `notModified: there is no stale value of ${show(key)}; look at "stale" of the context first`;
  return coded(new Error(PREFIX + text), 'NO_STALE_VALUE');
}

module.exports = {
  noMemoryLayer,
  noTags,
  noStale,
  reasonOf,
  decided,
  unprefixed,
  withoutLogin,
  optionType,
  optionRange,
  argument,
  closed,
  hardTimeout,
  loadLimit,
  deadlock,
  loadsFailed,
  misuse,
  failure,
  show,
};
