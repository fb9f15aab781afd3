'use strict';
// A look into a memory layer that leaves the order of eviction as it is.

const { argument, optionRange } = require('./errors.js');
const { bridge } = require('./raw.js');
const { packedBytes } = require('./packed.js');
const { weigh } = require('./weigh.js');

const { raw } = bridge;
const DEFAULT_LIMIT = 100;
const MOST = 10_000;

/**
 * One page of entries.
 * @param {import('./core.js').Core} core
 * @param {any} options
 */
async function inspectTable(core, options) {
  const { cursor, limit = DEFAULT_LIMIT, match = '*', values = true } = options ?? {};
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw optionRange('limit', `an integer from 1 to ${MOST}`, limit);
  }
  if (typeof match !== 'string') throw argument('match', 'a string', match);
  const from = cursor === undefined || cursor === null || cursor === '' ? 0 : Number(cursor);
  if (!Number.isInteger(from) || from < 0) throw optionRange('cursor', 'a cursor that inspect() gave', cursor);
  /** @type {any[]} */
  const keys = [];
  const next = raw.scan(core.table.id, from, limit, match, (/** @type {string} */ key, /** @type {number} */ slot, /** @type {number} */ left) => {
    keys.push(describe(key, core.table.values[slot], left, values !== false));
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

module.exports = { inspectTable };
