'use strict';
// Which caches keep tags: those whose layers are of this package.

const { LAYERS } = require('./contract/numbers.js');
const { optionRange } = require('./errors.js');

/** Where tags are refused. */
const NO_LAYER = 'left out without an L1 or a RedisStore';

/**
 * Whether a layer is a custom store.
 * @param {number} flags of the layers
 */
function hasStoreOfUser(flags) {
  return (flags & LAYERS.CUSTOM_L1) !== 0 || (flags & (LAYERS.CUSTOM_L2 | LAYERS.L2_SHARED)) === LAYERS.CUSTOM_L2;
}

/**
 * Whether a layer can keep tags: the memory layer, or a Redis of the addon.
 * @param {number} flags of the layers
 * @param {boolean} hasMemory
 */
function hasLayerForTags(flags, hasMemory) {
  return (hasMemory && (flags & LAYERS.NO_L1) === 0) || (flags & LAYERS.BUILTIN_L2) !== 0;
}

/**
 * Refuses tags where no layer would keep them.
 * @param {Given} options of a call
 */
function refuseTags(options) {
  const tags = options?.tags ?? undefined;
  if (tags !== undefined) throw optionRange('tags', NO_LAYER, tags);
}

module.exports = { NO_LAYER, hasLayerForTags, hasStoreOfUser, refuseTags };
