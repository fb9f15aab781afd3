'use strict';

/**
 * Whether a store can be looked into: it has an `inspect` method.
 * @param {any} store
 * @returns {store is import('../types/index.js').InspectableStore}
 */
function isInspectableStore(store) {
  return store !== null && typeof store === 'object' && typeof store.inspect === 'function';
}

module.exports = { isInspectableStore };
