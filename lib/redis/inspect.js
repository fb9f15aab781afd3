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
  const { cursor, limit, match, includeValues } = read;
  return visited(core, match, read, (target, pattern, slot) =>
    raw.storeInspect(target, cursor, limit, pattern, slot, includeValues),
  );
}

/**
 * One entry, by a read of its own; undefined when it is not there.
 * @param {import('../core.js').Core} core
 * @param {string} key
 * @param {Given} options
 */
async function lookNative(core, key, options) {
  const { keys } = await visited(core, key, readInspectOptions(options), raw.storeLook);
  return present(keys);
}

/**
 * The page that a visitor is shown.
 * @param {import('../core.js').Core} core
 * @param {string} text a pattern, or a key
 * @param {Options} options
 * @param {(target: number, text: string, slot: number) => number} show
 */
async function visited(core, text, options, show) {
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
  const call = (/** @type {number} */ target, /** @type {string} */ asked) =>
    show(target, asked, core.table.put(undefined, visitor));
  await core.ask(call, text, undefined, undefined, 'inspect');
  return { ...page, keys: page.keys.map((entry) => describe(/** @type {any} the visitor made it */ (entry), options)) };
}

/**
 * The only entry, if it is there.
 * @param {ReturnType<typeof describe>[]} entries
 */
function present([entry]) {
  return entry === undefined || entry.ttlRemainingMs === GONE ? undefined : entry;
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
 * One entry, by a read of its own; undefined when it is not there.
 * @param {import('./stand-in.js').StandIn} standIn
 * @param {string} key
 * @param {Given} options
 */
async function lookStandIn(standIn, key, options) {
  return present(await look(standIn, [standIn.settings.prefix + key], readInspectOptions(options)));
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

module.exports = { inspectNative, inspectStandIn, lookNative, lookStandIn };
