'use strict';
// How a bus is.

const { failure, reasonOf } = require('../errors.js');
const { backendOf, partsOf } = require('./event-bus.js');

/**
 * How a bus is, connected if it was not; never rejects.
 * @param {import('./event-bus.js').TransportEventBus} bus
 * @param {string} transport
 * @returns {Promise<any>}
 */
async function healthOf(bus, transport) {
  let health;
  try {
    health = await backendOf(bus).health();
  } catch (error) {
    health = { ok: false, error };
  }
  const {
    ok,
    error,
    connected: _connected,
    place: _place,
    publisher: _publisher,
    subscriber: _subscriber,
    ...counts
  } = health;
  const fault = error === undefined ? {} : { error: error instanceof Error ? error : failure(reasonOf(error)) };
  return { ok, transport, ...partsOf(bus)?.about(health), ...fault, ...counts };
}

module.exports = { healthOf };
