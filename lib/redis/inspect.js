'use strict';
// A look at the entries in Redis, a page at a time.

const { NO_EXPIRY, readInspectOptions, shown } = require('../inspect.js');
const { bridge } = require('../raw.js');
const { inspectBuffer } = require('../serializer/serializer.js');
const { estimateValueBytes, sizeSavings } = require('../serializer/sizes.js');
const { isAnswer } = require('./found.js');

const { raw } = bridge;

/** Where a page begins: server, cursor there, and how many of the names found there were shown. */
const CURSOR = /^(\d{1,9}\.\d{1,20})\.(\d{1,9})$/;

/** The result of `PTTL` for an entry that has gone since it was listed. */
const GONE = -2;

/** In the place of a payload that cannot be asked for. */
const UNREADABLE = Symbol('unreadable');

/** @typedef {ReturnType<typeof readInspectOptions>} Options */

/**
 * An entry as users see it.
 * @param {{ key: string, leftMs: number, serializedBytes: number, encoding: string, value: any }} entry
 *   no end: Infinity; the value is undefined when it was not read, or cannot be
 * @param {Options} options
 */
function describe({ key, leftMs, serializedBytes, encoding, value }, { includeValues, maxValueBytes }) {
  const deserializedBytes = estimateValueBytes(value);
  return {
    key,
    ttlRemainingMs: leftMs === Infinity ? NO_EXPIRY : Math.round(leftMs),
    serializedBytes,
    deserializedBytes,
    compressionRatio: encoding === 'msgpack-gzip' ? sizeSavings(serializedBytes, deserializedBytes) : 0,
    encoding: encoding || 'legacy',
    ...(value === undefined ? {} : shown(value, includeValues, deserializedBytes > maxValueBytes)),
  };
}

/**
 * One page, by the engine's connection.
 * @param {import('../core.js').Core} core
 * @param {Given} options
 */
async function inspectNative(core, options) {
  const read = readInspectOptions(options);
  /** @type {{ size: number, cursor?: string, keys: Foreign[] }} */
  const page = { size: 0, keys: [] };
  const visitor = (/** @type {any[]} */ ...[key, leftMs, bytes, encoding, slot]) => {
    if (key === undefined) {
      page.size = leftMs;
      if (bytes !== '') page.cursor = bytes;
      return;
    }
    const value = slot < 0 ? undefined : core.table.values[slot];
    page.keys.push({ key, leftMs, serializedBytes: bytes, encoding, value });
  };
  const call = (/** @type {number} */ target, /** @type {string} */ pattern) => {
    const slot = core.table.put(undefined, visitor);
    return raw.storeInspect(target, read.cursor, read.limit, pattern, slot, read.includeValues);
  };
  await core.ask(call, read.match, undefined, undefined, 'inspect');
  return { ...page, keys: page.keys.map((entry) => describe(/** @type {any} the visitor made it */ (entry), read)) };
}

/**
 * One page, through an object that stands in for a client.
 * @param {import('./stand-in.js').StandIn} standIn
 * @param {Given} options
 */
async function inspectStandIn(standIn, options) {
  const read = readInspectOptions(options);
  const { limit, match } = read;
  const [, position = '0.0', skipped = '0'] = CURSOR.exec(read.cursor) ?? [];
  const from = Number(skipped);
  const [size, step] = await Promise.all([standIn.size(), standIn.step(position, match, limit)]);
  const names = step.names.slice(from, from + limit);
  const next = step.names.length > from + limit ? `${position}.${from + limit}` : step.next && `${step.next}.0`;
  const keys = names.length === 0 ? [] : await look(standIn, names, read);
  return { size, keys, ...(next === undefined ? {} : { cursor: next }) };
}

/**
 * @param {import('./stand-in.js').StandIn} standIn
 * @param {string[]} names
 * @param {Options} options
 */
async function look(standIn, names, options) {
  const { includeValues } = options;
  const tellsLifetimes = typeof standIn.client.pttl === 'function';
  /** @param {string} name */
  const ask = (name) =>
    Promise.all([
      tellsLifetimes ? standIn.ask('pttl', name) : -1,
      // Perhaps it is of another type: the page shows it without a value.
      includeValues
        ? standIn.ask('getBuffer', name).catch((error) => (isAnswer(error) ? UNREADABLE : Promise.reject(error)))
        : undefined,
    ]);
  const answers = await Promise.all(names.map(ask));
  return names.map((name, at) => {
    const [leftMs, payload] = answers[at];
    const key = name.slice(standIn.settings.prefix.length);
    return describe({ key, ...stored(leftMs, payload, includeValues, standIn.settings.limits) }, options);
  });
}

/**
 * @param {number} leftMs as `PTTL` says it
 * @param {unknown} payload
 * @param {boolean} includeValues
 * @param {{ maxDepth: number, maxBytes: number }} limits
 */
function stored(leftMs, payload, includeValues, limits) {
  const left = leftMs === -1 ? Infinity : leftMs;
  if (leftMs === GONE || payload === null || payload === undefined) {
    const isGone = includeValues || leftMs === GONE;
    return { leftMs: isGone ? GONE : left, serializedBytes: 0, encoding: 'legacy', value: undefined };
  }
  if (payload === UNREADABLE) return { leftMs: left, serializedBytes: 0, encoding: 'legacy', value: undefined };
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const { storedBytes, ...payloadInfo } = inspectBuffer(bytes, limits);
  return { leftMs: left, serializedBytes: storedBytes, ...payloadInfo };
}

module.exports = { inspectNative, inspectStandIn };
