'use strict';
// A look at what Redis holds, a page at a time.

const { optionRange } = require('../errors.js');
const { inspectBuffer } = require('../serializer/serializer.js');
const { bridge } = require('../raw.js');
const { readInspectOptions } = require('../inspect.js');
const { weigh } = require('../weigh.js');

const { raw } = bridge;

/** Where a page begins: server, cursor there, and how many of the names found there were shown. */
const CURSOR = /^(\d{1,9}\.\d{1,20})\.(\d{1,9})$/;

/** @param {any} options */
function readOptions(options) {
  const read = readInspectOptions(options);
  if (read.cursor !== '' && !CURSOR.test(read.cursor)) throw optionRange('cursor', 'a cursor that inspect() gave', read.cursor);
  return read;
}

/**
 * An entry as users see it.
 * @param {string} key
 * @param {number} leftMs Infinity for no end
 * @param {number} serializedBytes
 * @param {string} encoding
 * @param {any} value undefined when it cannot be read
 * @param {boolean} withValue
 */
function describe(key, leftMs, serializedBytes, encoding, value, withValue) {
  const deserializedBytes = value === undefined ? 0 : weigh(value);
  return {
    key,
    ttlRemainingMs: leftMs > 0 && leftMs !== Infinity ? Math.round(leftMs) : null,
    serializedBytes,
    deserializedBytes,
    compressionRatio: deserializedBytes === 0 ? 1 : serializedBytes / deserializedBytes,
    encoding,
    ...(withValue && value !== undefined ? { value } : {}),
  };
}

/**
 * One page, by the engine's connection.
 * @param {import('../core.js').Core} core
 * @param {any} options
 */
async function inspectNative(core, options) {
  const { cursor, limit, match, values } = readOptions(options);
  /** @type {any} */
  const page = { size: 0, keys: [] };
  const visitor = (/** @type {any[]} */ ...[key, leftMs, bytes, encoding, slot]) => {
    if (key === undefined) {
      page.size = leftMs;
      if (bytes !== '') page.cursor = bytes;
      return;
    }
    const value = slot < 0 ? undefined : core.table.values[slot];
    page.keys.push(describe(key, leftMs, bytes, encoding, value, values));
  };
  const call = (/** @type {number} */ target, /** @type {string} */ pattern) =>
    raw.storeInspect(target, cursor, limit, pattern, core.table.put(undefined, visitor));
  await core.ask(call, match, undefined, undefined, 'inspect');
  return page;
}

/**
 * One page, through an object that stands in for a client.
 * @param {import('./stand-in.js').StandIn} standIn
 * @param {any} options
 */
async function inspectStandIn(standIn, options) {
  const { cursor, limit, match, values } = readOptions(options);
  const [, position = '0.0', skipped = '0'] = CURSOR.exec(cursor) ?? [];
  const from = Number(skipped);
  const [size, step] = await Promise.all([standIn.size(), standIn.step(position, match, limit)]);
  const shown = step.names.slice(from, from + limit);
  const next = step.names.length > from + limit ? `${position}.${from + limit}` : step.next && `${step.next}.0`;
  const keys = shown.length === 0 ? [] : await look(standIn, shown, values);
  return { size, keys, ...(next === undefined ? {} : { cursor: next }) };
}

/**
 * @param {import('./stand-in.js').StandIn} standIn
 * @param {string[]} names
 * @param {boolean} withValues
 */
async function look(standIn, names, withValues) {
  const answers = await standIn.run(names.flatMap((name) => [['getBuffer', name], ['pttl', name]]));
  return names.flatMap((name, at) => {
    const [payload, leftMs] = [answers[at * 2], answers[at * 2 + 1]];
    // It has expired meanwhile.
    if (payload === null || payload === undefined || leftMs === -2) return [];
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const { encoding, storedBytes, value } = inspectBuffer(bytes, standIn.settings.limits);
    const key = name.slice(standIn.settings.prefix.length);
    return [describe(key, leftMs < 0 ? Infinity : leftMs, storedBytes, encoding, value, withValues)];
  });
}

module.exports = { inspectNative, inspectStandIn };
