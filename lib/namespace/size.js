'use strict';
// Counts the entries that match a pattern: of L1, or without one of L2, as `size()` does for all entries.

const { TARGET } = require('../contract/codes.js');
const { closed, misuse } = require('../errors.js');
const { isInspectableStore } = require('../inspectable.js');
const { bridge } = require('../raw.js');

const { raw } = bridge;

/** The most entries of a page. */
const LIMIT = 10_000;

/** The rest of the lifetime of an entry of Redis that has gone since it was listed. */
const GONE = -2;

/**
 * @param {import('../core.js').Core} core
 * @param {string} pattern
 * @returns {Promise<number>}
 */
async function sizeMatching(core, pattern) {
  if (core.closed) throw closed('size');
  if (core.table.hasMemory) return core.ask(raw.sizeByPattern, pattern, undefined, undefined, 'size');
  const { targets } = core.adapter;
  const layer = targets[TARGET.L1] || targets[TARGET.L2];
  if (!layer) return 0;
  if (!isInspectableStore(layer)) {
    throw misuse('the size of a namespace is counted by the method "inspect" of the store, which it does not have');
  }
  return countPages(/** @type {Foreign} */ (layer), pattern);
}

/**
 * @param {Foreign} store
 * @param {string} match
 */
async function countPages(store, match) {
  let count = 0;
  /** @type {string | undefined} */
  let cursor;
  do {
    /** @type {import('../../types/inspect.js').StoreInspection} */
    const page = await store.inspect({ match, cursor, limit: LIMIT, includeValues: false });
    count += page.keys.filter(({ ttlRemainingMs }) => ttlRemainingMs !== GONE).length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}

module.exports = { sizeMatching };
