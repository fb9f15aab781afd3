'use strict';
// Keys whose names in Redis a store keeps for itself: its index, the set beside it, and locks.

const { argument } = require('../errors.js');
const { keyText } = require('../keys.js');

/**
 * The text of a key that an entry may have, by the options of a store.
 * @param {{ prefix: string, indexKey: string }} settings
 * @returns {(key: unknown) => string}
 */
function entryTextOf({ prefix, indexKey }) {
  const [index, expiry] = [indexKey, `${indexKey}:expiry`];
  // The name of an entry ends with its version where there are versions.
  const unversioned = index.replace(/::v\d+$/, '');
  return (key) => {
    const text = keyText(key);
    const name = prefix + text;
    const isReserved = text.startsWith('__lock:') || name === index || name === unversioned || isExpiry(name, expiry);
    if (isReserved) throw argument('key', 'none of the names that a RedisStore keeps for its index and its locks', key);
    return text;
  };
}

/**
 * The set beside the index; in a cluster a hash tag may be put behind it, see drivers/src/redis/names.rs.
 * @param {string} name
 * @param {string} expiry
 */
function isExpiry(name, expiry) {
  return name.startsWith(expiry) && /^(\{\d+\})?$/.test(name.slice(expiry.length));
}

module.exports = { entryTextOf, isExpiry };
