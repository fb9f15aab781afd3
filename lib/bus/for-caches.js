'use strict';
// Buses of this package, as caches use them: without calls of their methods where that makes no difference.

const { TransportEventBus, backendOf, isOriginal, partsOf } = require('./event-bus.js');

/**
 * The largest event with a value that a cache sends by default to a bus of this package: Redis ends the connection of
 * a subscriber behind which 32 MB have piled up, or 8 MB for a minute.
 */
const BROADCAST_SET_MAX_BYTES = 1_048_576;

/**
 * The bus of the addon that a cache may use without a call to its methods: they must be the original ones. Undefined
 * for any other, and for one that cannot be made yet.
 * @param {Foreign} bus
 * @returns {number | undefined}
 */
function nativeOf(bus) {
  if (!(bus instanceof TransportEventBus) || !isOriginal(bus)) return undefined;
  try {
    return backendOf(bus).native;
  } catch {
    // Told when it is used.
    return undefined;
  }
}

/**
 * The largest event with a value that a cache sends to a bus: by default, and at all. Undefined for a custom bus.
 * @param {Foreign} bus
 * @param {number} wanted not a number: the default
 */
function broadcastLimitOf(bus, wanted) {
  if (!(bus instanceof TransportEventBus)) return undefined;
  const most = Number.isNaN(wanted) ? BROADCAST_SET_MAX_BYTES : wanted;
  return Math.min(most, partsOf(bus)?.maxBytes ?? Infinity);
}

module.exports = { BROADCAST_SET_MAX_BYTES, broadcastLimitOf, nativeOf };
