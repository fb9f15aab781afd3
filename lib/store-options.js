'use strict';

/**
 * The options for a custom store: those of the call, and the lifetime by the call or the cache.
 * @param {Given} given by the call
 * @param {number} ttlMs NaN where none is given: the store has its own then
 */
function storeOptions(given, ttlMs) {
  if (Number.isNaN(ttlMs)) return given ?? {};
  return given?.ttlMs === ttlMs ? given : { ...given, ttlMs };
}

module.exports = { storeOptions };
