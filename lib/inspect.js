'use strict';
// A look into a memory layer that leaves the order of eviction as it is.

const { optionRange, optionType } = require('./errors.js');
const { flag } = require('./options/checks.js');
const { mustBeObject } = require('./options/read.js');
const { bridge } = require('./raw.js');
const { packedBytes } = require('./serializer/pack.js');
const { weigh } = require('./weigh.js');

const { raw } = bridge;
const DEFAULT_LIMIT = 100;
const MOST = 10_000;
/** Positions cross as 32 bits. */
const LAST = 0xffff_ffff;
const CURSOR = 'a cursor that inspect() gave';

/**
 * What to list; `null` is not given, as in all options.
 * @param {any} options
 */
function readInspectOptions(options) {
  mustBeObject('options', options);
  const limit = options?.limit ?? DEFAULT_LIMIT;
  const allowed = `an integer from 1 to ${MOST}`;
  if (typeof limit !== 'number') throw optionType('limit', allowed, limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw optionRange('limit', allowed, limit);
  const match = options?.match ?? '*';
  if (typeof match !== 'string') throw optionType('match', 'a string', match);
  const cursor = options?.cursor ?? '';
  if (typeof cursor !== 'string') throw optionType('cursor', CURSOR, cursor);
  return { cursor, limit, match, values: flag('values', options?.values ?? true) === 1 };
}

/**
 * @param {string} cursor
 * @returns {number} where the page begins
 */
function positionOf(cursor) {
  const from = Number(cursor);
  if (!Number.isInteger(from) || from < 0 || from > LAST) throw optionRange('cursor', CURSOR, cursor);
  return from;
}

/**
 * One page of entries.
 * @param {import('./core.js').Core} core
 * @param {any} options
 */
async function inspectTable(core, options) {
  const { cursor, limit, match, values } = readInspectOptions(options);
  const from = positionOf(cursor);
  /** @type {any[]} */
  const keys = [];
  const next = raw.scan(core.table.id, from, limit, match, (/** @type {string} */ key, /** @type {number} */ slot, /** @type {number} */ left) => {
    keys.push(describe(key, core.table.values[slot], left, values));
  });
  const page = { size: await core.size(), keys };
  return next < 0 ? page : { ...page, cursor: String(next) };
}

/**
 * @param {string} key
 * @param {any} value
 * @param {number} left
 * @param {boolean} withValue
 */
function describe(key, value, left, withValue) {
  const serializedBytes = packedBytes(value);
  const deserializedBytes = weigh(value);
  return {
    key,
    ttlRemainingMs: left === Infinity ? null : Math.max(0, Math.round(left)),
    serializedBytes,
    deserializedBytes,
    compressionRatio: deserializedBytes === 0 ? 1 : serializedBytes / deserializedBytes,
    encoding: 'msgpack',
    ...(withValue ? { value } : {}),
  };
}

module.exports = { inspectTable, readInspectOptions };
