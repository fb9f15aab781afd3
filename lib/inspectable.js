'use strict';

/**
 * Whether a store can be looked into: it has an `inspect` method.
 * @param {unknown} store
 * @returns {store is import('../types/index.js').InspectableStore}
 */
function isInspectableStore(store) {
  const object = /** @type {Given} */ (store);
  return object !== null && typeof object === 'object' && typeof object.inspect === 'function';
}

module.exports = { isInspectableStore };
