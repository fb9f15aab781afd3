'use strict';
// How a store reaches Redis.

const { optionRange } = require('../errors.js');
const { readAddress } = require('./address.js');
const { NativeStoreBackend } = require('./native-backend.js');
const { readStoreOptions } = require('./options.js');

/**
 * @param {unknown} redis
 * @param {Given} options
 */
function backendOf(redis, options) {
  const settings = readStoreOptions(options);
  const target = readAddress(redis);
  if (settings.tracking && target.address === undefined) {
    const allowed = 'false over a client that the addon drives, whose answers are all that it sees: pass its options';
    throw optionRange('tracking', allowed, true);
  }
  return new NativeStoreBackend(redis, target, settings, options);
}

module.exports = { backendOf };
