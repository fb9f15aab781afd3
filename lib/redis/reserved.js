'use strict';
// Keys whose names in Redis a store reserves: for its index, the sets beside it, locks, counters of tags, and marks.

const { argument } = require('../errors.js');
const { keyText } = require('../keys.js');

/**
 * The text of a key that an entry may have, by the options of a store.
 * @param {{ prefix: string, indexKey: string }} settings
 * @returns {(key: unknown) => string}
 */
function entryTextOf({ prefix, indexKey }) {
  const index = indexKey;
  // The name of an entry ends with its version where there are versions.
  const unversioned = index.replace(/::v\d+$/, '');
  /** The prefix of keys whose names may lie beside the index. Names of other keys need not be made. */
  const besideIndex = unversioned.startsWith(prefix) ? unversioned.slice(prefix.length) : undefined;
  return (key) => {
    const text = keyText(key);
    const mayBeReserved = text.startsWith('__') || (besideIndex !== undefined && text.startsWith(besideIndex));
    if (!mayBeReserved) return text;
    const name = prefix + text;
    const isNamed = text.startsWith('__lock:') || text.startsWith('__tag:');
    const isOfStore = isNamed || isTagged(text, '__marks') || isBesideIndex(name, index);
    if (isOfStore || name === index || name === unversioned) {
      throw argument(
        'key',
        'none of the names that a RedisStore keeps for its index, its marks, its locks and its tags',
        key,
      );
    }
    return text;
  };
}

/**
 * Whether a name is kept beside an index: the ends of its members or, in a cluster, marks of patterns.
 * @param {string} name
 * @param {string} index
 */
function isBesideIndex(name, index) {
  return isTagged(name, `${index}:expiry`) || isTagged(name, `${index}:marks`);
}

/**
 * Whether a name is `plain`, or that with a hash tag behind it, as in a cluster; see drivers/src/redis/names.rs.
 * @param {string} name
 * @param {string} plain
 */
function isTagged(name, plain) {
  return name.startsWith(plain) && /^(\{\d+\})?$/.test(name.slice(plain.length));
}

module.exports = { entryTextOf };
