'use strict';
// A look at the entries in Redis, a page at a time.

const { NO_EXPIRY, readInspectOptions, shown } = require('../inspect.js');
const { bridge } = require('../raw.js');
const { estimateValueBytes, sizeSavings } = require('../serializer/sizes.js');

const { raw } = bridge;

/** The result of `PTTL` for an entry that has gone since it was listed. */
const GONE = -2;

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
 * One page.
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

module.exports = { inspectNative, lookNative };
