'use strict';
// `inspect()` of a memory layer. It leaves the order of eviction as it is.

const { optionType } = require('./errors.js');
const { bytes, flag } = require('./options/checks.js');
const { mustBeObject } = require('./options/read.js');
const { bridge } = require('./raw.js');
const { setImmediate } = require('./platform.js');
const { serializeWithStats } = require('./serializer/serializer.js');
const { estimateValueBytes } = require('./serializer/sizes.js');
const { attune } = require('./time.js');
const { weigh } = require('./weigh.js');
const { given } = require('./values/sharing.js');

const { raw } = bridge;
const DEFAULT_LIMIT = 100;
const MOST = 10_000;
/** Entries whose sizes are found in one go, which takes some milliseconds. A page of the default size is one go. */
const AT_ONCE = 128;
/** Positions cross as 32 bits. */
const LAST = 0xffff_ffff;
/** The time left of an entry that does not expire. */
const NO_EXPIRY = -1;

/**
 * The entries to list; `null` means not given, as in all options.
 * @param {Given} options
 */
function readInspectOptions(options) {
  mustBeObject('options', options);
  const match = options?.match ?? '*';
  if (typeof match !== 'string') throw optionType('match', 'a string', match);
  const most = options?.maxValueBytes ?? Infinity;
  return {
    cursor: typeof options?.cursor === 'string' ? options.cursor : '',
    limit: pageSize(options?.limit),
    match,
    includeValues: flag('includeValues', options?.includeValues ?? options?.values ?? true) === 1,
    maxValueBytes: most === Infinity ? most : bytes('maxValueBytes', most),
  };
}

/** @param {unknown} limit */
function pageSize(limit) {
  if (typeof limit !== 'number' || !(limit > 0)) return DEFAULT_LIMIT;
  return Math.min(Math.ceil(limit), MOST);
}

/**
 * Where the page begins: at the first entry for an unknown cursor.
 * @param {string} cursor
 * @returns {number}
 */
function positionOf(cursor) {
  const from = /^\d{1,10}$/.test(cursor) ? Number(cursor) : 0;
  return from <= LAST ? from : 0;
}

/**
 * One page of entries, the most recently used first.
 * @param {import('./core.js').Core} core
 * @param {Given} options
 */
async function inspectTable(core, options) {
  const read = readInspectOptions(options);
  /** @type {{ key: string, value: any, left: number }[]} */
  const found = [];
  attune();
  const next = raw.scan(
    core.table.id,
    positionOf(read.cursor),
    read.limit,
    read.match,
    (/** @type {string} */ key, /** @type {number} */ slot, /** @type {number} */ left) => {
      found.push({ key, value: given(core.table, core.table.values[slot]), left });
    },
  );
  // Values are packed once the layer is left alone again: code of their own may call the cache.
  const keys = await describeAll(found, read);
  const page = { size: await core.size(), keys };
  return next < 0 ? page : { ...page, cursor: String(next) };
}

/**
 * The event loop turns in between: 10,000 entries would hold it up for most of a second.
 * @param {{ key: string, value: any, left: number }[]} found
 * @param {{ includeValues: boolean, maxValueBytes: number }} options
 */
async function describeAll(found, options) {
  const keys = [];
  for (let from = 0; from < found.length; from += AT_ONCE) {
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const entry of found.slice(from, from + AT_ONCE)) keys.push(describe(entry, options));
  }
  return keys;
}

/**
 * An entry as users see it.
 * @param {{ key: string, value: any, left: number }} entry
 * @param {{ includeValues: boolean, maxValueBytes: number }} options
 */
function describe({ key, value, left }, { includeValues, maxValueBytes }) {
  const deserializedBytes = estimateValueBytes(value);
  const truncated = deserializedBytes > maxValueBytes;
  return {
    key,
    ttlRemainingMs: left === Infinity ? NO_EXPIRY : Math.max(0, Math.round(left)),
    // A value beyond the limit is not packed.
    ...(truncated ? asIs(deserializedBytes) : packed(value)),
    deserializedBytes,
    memoryBytes: weigh(value),
    ...shown(value, includeValues, truncated),
  };
}

/**
 * The fields of an entry that show its value.
 * @param {any} value of a user
 * @param {boolean} includeValues
 * @param {boolean} truncated
 */
function shown(value, includeValues, truncated) {
  if (truncated) return { truncated: true };
  return includeValues ? { value } : {};
}

/** @param {number} serializedBytes */
function asIs(serializedBytes) {
  return { serializedBytes, compressionRatio: 0, encoding: 'msgpack' };
}

/**
 * The bytes of a stored value; nothing when it cannot be packed.
 * @param {unknown} value
 */
function packed(value) {
  try {
    const { storedBytes, compressionRatio, encoding } = serializeWithStats(value);
    return { serializedBytes: storedBytes, compressionRatio, encoding };
  } catch {
    return asIs(0);
  }
}

module.exports = { describe, inspectTable, readInspectOptions, shown, NO_EXPIRY };
