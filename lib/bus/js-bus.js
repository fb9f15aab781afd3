'use strict';
// Buses whose sessions with their brokers are in JavaScript.

const { KeptContext } = require('../context.js');
const { NativeBusBackend } = require('./native-backend.js');
const { BusSession } = require('./session.js');

/**
 * @param {{ name: string, isOrdered?: boolean, connectTimeoutMs?: number, retryQueue: object }} described
 * @param {object} how
 * @param {import('../logger.js').Logger} how.logger
 * @param {number} [how.concurrency]
 * @param {import('./session.js').Transport} how.transport
 * @param {KeptContext} [how.context] in which the transport is called. Default: that of this call
 * @returns {import('./event-bus.js').Backend}
 */
function jsBus(described, { transport, context = new KeptContext('LazyLayersEventBus'), ...how }) {
  const open = (/** @type {number} */ number) => new BusSession(number, transport, context);
  return new NativeBusBackend({ js: described }, { ...how, open });
}

module.exports = { jsBus };
