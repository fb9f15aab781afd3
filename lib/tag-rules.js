'use strict';
// Which caches keep tags: those whose layers are of this package.

const { LAYERS } = require('./contract/numbers.js');
const { optionRange } = require('./errors.js');

/**
 * Whether a layer is a custom store.
 * @param {number} flags of the layers
 */
function hasStoreOfUser(flags) {
  return (flags & LAYERS.CUSTOM_L1) !== 0 || (flags & (LAYERS.CUSTOM_L2 | LAYERS.L2_SHARED)) === LAYERS.CUSTOM_L2;
}

/**
 * Refuses tags where no layer would keep them.
 * @param {Given} options of a call
 */
function refuseTags(options) {
  const tags = options?.tags ?? undefined;
  if (tags !== undefined) throw optionRange('tags', 'left out without an L1', tags);
}

module.exports = { hasStoreOfUser, refuseTags };
